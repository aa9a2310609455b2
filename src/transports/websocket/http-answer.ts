/**
 * What those hear who ask by HTTP for something else than a WebSocket that is to be had here.
 *
 * The page says what this is, in no more than a terminal shows. It has no scripts, names nothing
 * of this host, and repeats nothing of the request.
 */
import { STATUS_CODES } from "node:http";

export interface HttpAnswer {
  readonly status: number;
  /** Plain words, or a page. */
  readonly body: string;
  readonly isPage?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export const PAGE: HttpAnswer = {
  status: 200,
  isPage: true,
  body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Holdfast</title>
<h1>Holdfast</h1>
<p>This port keeps long-lived connections. It is no web site; connect to it instead:</p>
<pre>
new WebSocket("ws://HOST:PORT")    from a browser: a text message is a line
holdfast connect ws://HOST:PORT    from a terminal
nc HOST PORT                       plain lines, where they are accepted
</pre>
<p>Send <code>ping</code>, and the answer is <code>pong</code>.</p>
</html>
`,
};

export const METHOD: HttpAnswer = {
  status: 405,
  body: "Only GET and HEAD are answered here, and GET with an upgrade to a WebSocket.\n",
  headers: { Allow: "GET, HEAD" },
};

export const PATH: HttpAnswer = {
  status: 404,
  body: "There is nothing at this path. The server's option `websocket.path` says where.\n",
};

export const ORIGIN: HttpAnswer = {
  status: 403,
  body: "Pages of this origin are not let in. The option `websocket.origins` says which are.\n",
};

export const EXPECTATION: HttpAnswer = {
  status: 417,
  body: "Nothing can be expected here but what HTTP itself has.\n",
};

export const OTHER_UPGRADE: HttpAnswer = {
  status: 426,
  body: "The only upgrade here is to a WebSocket (RFC 6455).\n",
  headers: { Upgrade: "websocket" },
};

export const NO_HTTP: HttpAnswer = {
  status: 400,
  body: "This is no request of HTTP. On this port WebSockets are spoken (RFC 6455).\n",
};

export const TOO_LARGE: HttpAnswer = {
  status: 431,
  body: "The headers of this request are too large.\n",
};

export function headersOf(answer: HttpAnswer): Readonly<Record<string, string>> {
  return {
    "Content-Type": answer.isPage === true ? "text/html; charset=utf-8" : "text/plain",
    "Content-Length": String(new TextEncoder().encode(answer.body).length),
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    ...answer.headers,
    Connection: "close",
  };
}

/** The whole response as it goes over the wire, for where node:http makes none. */
export function wireText(answer: HttpAnswer): string {
  const lines = Object.entries(headersOf(answer)).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ""}`;
  return [status, ...lines, "", answer.body].join("\r\n");
}
