/**
 * The request by which a WebSocket was asked for, in little memory.
 *
 * It is kept for as long as the connection lives, and mostly nobody looks at it. So the headers are
 * one text, read when they are asked for; and the same text as for the newcomer before is one
 * string, since the clients of one program say the same. Their keys differ, and are kept apart.
 */
import type { IncomingMessage } from "node:http";
import type { UpgradeRequest } from "../transport.ts";

/** A header may have no line break, neither in its name nor in its value. */
const BORDER = "\n";
const KEY = "sec-websocket-key";

/** The texts of one listener. */
export class RequestReader {
  #latestHead = "";
  #latestTarget = "";

  read({ url = "/", headers }: IncomingMessage): UpgradeRequest {
    const parts: string[] = [];
    for (const [name, value] of Object.entries(headers)) {
      if (name === KEY || value === undefined) continue;
      parts.push(name, Array.isArray(value) ? value.join(", ") : value);
    }
    const head = parts.join(BORDER);
    if (head !== this.#latestHead) this.#latestHead = head;
    if (url !== this.#latestTarget) this.#latestTarget = url;
    return new RequestFacts(this.#latestTarget, this.#latestHead, headers[KEY]);
  }
}

class RequestFacts implements UpgradeRequest {
  readonly #target: string;
  readonly #head: string;
  readonly #key: string | undefined;

  constructor(target: string, head: string, key: string | undefined) {
    this.#target = target;
    this.#head = head;
    this.#key = key;
  }

  get path(): string {
    return pathOf(this.#target);
  }

  get query(): string {
    return this.#target.slice(this.path.length + 1);
  }

  get headers(): Readonly<Record<string, string | undefined>> {
    const headers: Record<string, string | undefined> = {};
    const parts = this.#head.split(BORDER);
    for (let at = 0; at + 1 < parts.length; at += 2) headers[parts[at] ?? ""] = parts[at + 1];
    if (this.#key !== undefined) headers[KEY] = this.#key;
    return headers;
  }
}

/** Of the target of a request, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}
