/**
 * One JSON object on one line (NDJSON), harmless on a terminal.
 *
 * JSON escapes only the C0 controls. What else could steer a terminal or fake a line (C1 controls,
 * bidirectional formatting, line separators, tags) is escaped here as JSON allows it, so a program
 * that parses the line still gets the text unchanged.
 */

const HARMFUL =
  /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

export function jsonLine(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).replaceAll(HARMFUL, escaped);
}

function escaped(text: string): string {
  let shown = "";
  for (let at = 0; at < text.length; at++) {
    shown += `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }
  return shown;
}
