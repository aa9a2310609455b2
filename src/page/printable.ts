/**
 * Text of a peer on its way to people, as base/printable.ts makes it, by the classes of Unicode
 * instead of by ranges: what could fake a line, or turn the direction of reading, is an escape.
 */
const CHARACTERS_MAX = 500;

export function printable(text: string): string {
  const shown = Array.from(text);
  const cut = shown.length > CHARACTERS_MAX ? "…" : "";
  const harmful = /[\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u{e0000}-\u{e007f}]/gu;
  return (
    shown
      .slice(0, CHARACTERS_MAX)
      .join("")
      .replace(harmful, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`) + cut
  );
}
