/** Options of the line dialect, for both sides. How long a line may be by default differs. */
import { OptionReader } from "../base/options.ts";
import { type LineWords, lineWords } from "./line-words.ts";

export interface LineOptions {
  /**
   * The line that is a heartbeat.
   *
   * @range 1 to 64 characters without a line break
   * @default "ping"
   */
  readonly ping?: string | undefined;

  /**
   * The line that answers it. `false`: heartbeats are not answered, and no line is an answer.
   *
   * @range 1 to 64 characters without a line break, or false
   * @default "pong": a plain client finds out by it that this server is alive.
   */
  readonly pong?: string | false | undefined;

  /**
   * The longest line taken in; a longer one ends its connection with `LINE_TOO_LONG`.
   *
   * @unit bytes, without the line break
   * @range 16 to 1_073_741_824
   * @default `listen` 65_536: far above what people type and logs hold, and cheap to hold for many.
   * `connect` 1_048_576, like `messageBytesMax`: a client chose its server, so it trusts it further
   * than a server trusts its clients.
   */
  readonly lineBytesMax?: number | undefined;
}

export interface LineConfig {
  readonly words: LineWords;
  readonly lineBytesMax: number;
}

/**
 * @param group How messages name these options.
 * @throws HoldfastError `OPTION_INVALID`, naming the option, its range and what came.
 */
export function resolveLine(
  group: string,
  options: LineOptions | undefined,
  lineBytesMaxDefault: number,
): LineConfig {
  const read = new OptionReader(group, options);
  const ping = readWord(read, "ping");
  const pong = read.value("pong") === false ? false : readWord(read, "pong");
  const lineBytesMax = read.integer("lineBytesMax", {
    default: lineBytesMaxDefault,
    min: 16,
    max: 1024 ** 3,
  });
  read.done();
  if (ping === pong)
    throw read.refuse("`ping` and `pong` must differ, or each would answer itself");
  return { words: lineWords(ping, pong), lineBytesMax };
}

function readWord(read: OptionReader, name: "ping" | "pong"): string {
  const word = read.text(name, name);
  if (/^[^\r\n]{1,64}$/.test(word)) return word;
  throw read.refuse(`\`${name}\` must be 1 to 64 characters without a line break`);
}
