/** Messages as bytes of the stream: a binary one as it is, a text as one line. */

/** The limit of docs/protocol.md: a frame of the longest, and what may stand beside it. */
export const BINARY_BYTES_MAX: number = 128 * 1024;

const LF = 0x0a;
const CR = 0x0d;

/** Whether a text has a line break besides one at its end, which is allowed to say it twice. */
export function hasLineBreak(text: Uint8Array): boolean {
  const at = text.indexOf(LF);
  return at >= 0 && at < text.length - 1;
}

/** The bytes are the transport's own: nobody else reads them again. */
export function readMessage(data: Uint8Array, isBinary: boolean): Uint8Array {
  if (isBinary) return data;
  let end = data.length;
  if (data[end - 1] === LF) end -= 1;
  if (end < data.length && data[end - 1] === CR) end -= 1;
  const line = new Uint8Array(end + 1);
  line.set(data.subarray(0, end));
  line[end] = LF;
  return line;
}
