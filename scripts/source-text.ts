/**
 * A view of TypeScript source in which comments, and if wanted the inside of strings, are blank.
 *
 * Line breaks and positions stay, so that a finding can name its line. It is a scanner, not a
 * parser: what a `/` means is guessed from what stands before it, as editors do. The easy thing to
 * break is nesting: a template literal holds code, which may hold a template literal.
 */

const REGEX_MAY_FOLLOW_WORD =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|await|yield)$/;

/** Source with its comments blanked; strings stay. */
export function withoutComments(source: string): string {
  return new Scanner(source).blank("comments");
}

/** Source with comments and the insides of strings, templates and regular expressions blanked. */
export function codeOnly(source: string): string {
  return new Scanner(source).blank("all");
}

/** The line, counted from 1, at which `index` stands. */
export function lineAt(source: string, index: number): number {
  let line = 1;
  for (let at = 0; at < index; at++) if (source[at] === "\n") line += 1;
  return line;
}

class Scanner {
  readonly #source: string;
  readonly #out: string[];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#out = source.split("");
  }

  blank(what: "comments" | "all"): string {
    // For each template that is open, how many braces are open inside its `${`.
    const templates: number[] = [];
    while (this.#at < this.#source.length) {
      const start = this.#at;
      const kind = this.#token(templates);
      if (kind === "comment") this.#erase(start, this.#at);
      else if (kind === "text" && what === "all") this.#erase(start + 1, this.#at - 1);
    }
    return this.#out.join("");
  }

  /** Moves past one token and says what it was. */
  #token(templates: number[]): "code" | "comment" | "text" {
    const character = this.#source[this.#at] as string;
    const next = this.#source[this.#at + 1];
    if (character === "/" && next === "/") return this.#moveTo("\n", 0, "comment");
    if (character === "/" && next === "*") return this.#moveTo("*/", 2, "comment");
    if (character === '"' || character === "'") return this.#quoted(character);
    if (character === "`") return this.#template(templates);
    if (character === "/" && this.#regexMayStart()) return this.#regex();
    const open = templates.length - 1;
    if (open >= 0 && character === "{") templates[open] = (templates[open] as number) + 1;
    if (open >= 0 && character === "}") {
      if (templates[open] === 0) {
        templates.pop();
        return this.#template(templates);
      }
      templates[open] = (templates[open] as number) - 1;
    }
    this.#at += 1;
    return "code";
  }

  #moveTo(end: string, length: number, kind: "comment"): "comment" {
    const found = this.#source.indexOf(end, this.#at + length);
    this.#at = found === -1 ? this.#source.length : found + length;
    return kind;
  }

  #quoted(quote: string): "text" {
    this.#at += 1;
    while (this.#at < this.#source.length && this.#source[this.#at] !== quote) {
      if (this.#source[this.#at] === "\\") this.#at += 1;
      this.#at += 1;
    }
    this.#at += 1;
    return "text";
  }

  /** From the opening quote, or the brace that ends a substitution, to the next `${` or the end. */
  #template(templates: number[]): "text" {
    this.#at += 1;
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at];
      if (character === "\\") this.#at += 1;
      else if (character === "`") break;
      else if (character === "$" && this.#source[this.#at + 1] === "{") {
        templates.push(0);
        this.#at += 1;
        break;
      }
      this.#at += 1;
    }
    this.#at += 1;
    return "text";
  }

  #regexMayStart(): boolean {
    const before = this.#source.slice(0, this.#at).trimEnd();
    const last = before.at(-1);
    return (
      last === undefined ||
      "(,=:[!&|?{};+-*%~^<>".includes(last) ||
      REGEX_MAY_FOLLOW_WORD.test(before)
    );
  }

  #regex(): "text" {
    let inClass = false;
    this.#at += 1;
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at];
      if (character === "\\") this.#at += 1;
      else if (character === "[") inClass = true;
      else if (character === "]") inClass = false;
      else if (character === "\n" || (character === "/" && !inClass)) break;
      this.#at += 1;
    }
    this.#at += 1;
    return "text";
  }

  #erase(from: number, to: number): void {
    for (let at = from; at < to; at++) if (this.#out[at] !== "\n") this.#out[at] = " ";
  }
}
