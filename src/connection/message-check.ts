/** Whether a message can be sent on a connection, told at the call. */
import { utf8Length } from "../base/bytes.ts";
import { HoldfastError } from "../base/errors.ts";
import { whyNotALine } from "../wire/line-words.ts";
import type { Connection } from "./connection.ts";
import type { Message } from "./effects.ts";

/**
 * The message to queue: bytes are copied, so that the caller may go on using its buffer.
 *
 * @throws HoldfastError `MESSAGE_NOT_A_LINE`, `MESSAGE_TOO_LONG`, `OUTBOX_FULL`, `OPTION_INVALID`.
 */
export function checkedMessage(data: Message, connection: Connection): Message {
  if (typeof data !== "string" && !(data instanceof Uint8Array)) {
    throw new HoldfastError(
      "OPTION_INVALID",
      `send takes a string or a Uint8Array, got ${typeof data}`,
    );
  }
  if (connection.dialect !== "frame") checkLine(data, connection);
  const peer = connection.hello ?? connection.welcomed;
  const bytesMax = peer?.messageBytesMax ?? connection.config.messageBytesMax;
  const bytes = typeof data === "string" ? utf8Length(data) : data.length;
  if (bytes > bytesMax) {
    const whose = peer === undefined ? "`messageBytesMax`" : "the peer's `messageBytesMax`";
    throw new HoldfastError(
      "MESSAGE_TOO_LONG",
      `${whose} is ${bytesMax}, the message has ${bytes}`,
    );
  }
  const { outbox } = connection.output;
  if (!outbox.fits(data)) {
    const held = `${outbox.bytes} bytes wait already and this message has ${bytes}`;
    throw new HoldfastError("OUTBOX_FULL", `\`outboxBytesMax\` is ${outbox.bytesMax}: ${held}`);
  }
  return typeof data === "string" ? data : new Uint8Array(data);
}

/** Before its first byte a server's peer may still turn out to speak lines, so lines it must be. */
function checkLine(data: Message, connection: Connection): void {
  const why =
    typeof data === "string"
      ? whyNotALine(data, connection.config.words)
      : "the line dialect carries text only, not bytes";
  if (why !== undefined) throw new HoldfastError("MESSAGE_NOT_A_LINE", why);
}
