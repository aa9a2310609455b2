/** Whether a message can be sent on a connection, told at the call. */
import { HoldfastError } from "../base/errors.ts";
import { whyNotALine } from "../wire/line-words.ts";
import type { Connection } from "./connection.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";

/**
 * Returns if it can.
 *
 * @throws HoldfastError `MESSAGE_NOT_A_LINE`, `MESSAGE_TOO_LONG`, `OUTBOX_FULL`, `OPTION_INVALID`.
 */
export function checkMessage(message: OutgoingMessage, connection: Connection): void {
  const { data, byteLength: bytes } = message;
  checkKind(data, "send");
  if (connection.dialect !== "frame") checkLine(message, connection);
  const peer = connection.hello ?? connection.welcomed;
  const bytesMax = peer?.messageBytesMax ?? connection.config.messageBytesMax;
  if (bytes > bytesMax) {
    const whose = peer === undefined ? "`messageBytesMax`" : "the peer's `messageBytesMax`";
    throw new HoldfastError(
      "MESSAGE_TOO_LONG",
      `${whose} is ${bytesMax}, the message has ${bytes}`,
    );
  }
  const { outbox } = connection.output;
  if (!outbox.fits(message)) {
    const held = `${outbox.bytes} bytes wait already and this message has ${bytes}`;
    throw new HoldfastError("OUTBOX_FULL", `\`outboxBytesMax\` is ${outbox.bytesMax}: ${held}`);
  }
}

/** @throws HoldfastError `OPTION_INVALID` for what is neither text nor bytes. */
export function checkKind(data: unknown, where: string): void {
  if (typeof data === "string" || data instanceof Uint8Array) return;
  const sentence = `${where} takes a string or a Uint8Array, got ${typeof data}`;
  throw new HoldfastError("OPTION_INVALID", sentence);
}

/** Before its first byte a server's peer may still turn out to speak lines, so lines it must be. */
function checkLine(message: OutgoingMessage, connection: Connection): void {
  const { data } = message;
  const why =
    typeof data === "string"
      ? whyNotALine(data, connection.config.words, message.hasLineEnd)
      : "the line dialect carries text only, not bytes";
  if (why !== undefined) throw new HoldfastError("MESSAGE_NOT_A_LINE", why);
}
