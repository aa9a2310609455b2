/** How a peer that is not Holdfast comes in; pipe.mjs opens it. It fits into JSON. */

export type Dialect = "line" | "frame";

export interface Way {
  readonly over: "tcp" | "unix" | "tls";
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  /** What a client trusts, and what a server shows, in PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The path of the WebSocket upgrade; without it bytes go as they are. */
  readonly upgrade?: string;
}
