/**
 * The one way by which text from a peer reaches a terminal or a text log.
 *
 * What could move the cursor, change a clipboard (OSC 52), start an escape sequence in 8-bit form
 * (U+0080 to U+009F), fake a line, or turn the reading direction is written as an escape. Sources:
 * ECMA-48 section 8.3; Unicode Standard Annex 9 (bidirectional formatting characters).
 */

const CHARACTERS_MAX = 500;

export function printable(text: string): string {
  let shown = "";
  let count = 0;
  for (const character of text) {
    if (count === CHARACTERS_MAX) return `${shown}…`;
    shown += isHarmful(character.codePointAt(0) as number) ? escaped(character) : character;
    count += 1;
  }
  return shown;
}

function isHarmful(code: number): boolean {
  return (
    code < 0x20 ||
    (code >= 0x7f && code < 0xa0) || // DEL and the C1 controls
    code === 0x5c || // the backslash itself, so that an escape cannot be faked
    code === 0x061c || // Arabic letter mark
    (code >= 0x200b && code <= 0x200f) || // zero-width characters and direction marks
    (code >= 0x2028 && code <= 0x202e) || // line and paragraph separators, embeddings, overrides
    (code >= 0x2060 && code <= 0x206f) || // word joiner, isolates, deprecated formatting
    (code >= 0xd800 && code <= 0xdfff) || // half a surrogate pair
    code === 0xfeff ||
    (code >= 0xfff9 && code <= 0xfffb) || // interlinear annotation
    (code >= 0xe0000 && code <= 0xe007f) // tags
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0) as number;
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  if (character === "\\") return "\\\\";
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return `\\u{${code.toString(16)}}`;
}
