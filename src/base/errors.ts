/**
 * Every fault that is not a bug of ours has a code from this table.
 *
 * The same codes name why a call was refused (a `HoldfastError` is thrown), why a connection ended
 * (its end record carries the code), and why a peer was turned away (END and GOAWAY carry it).
 * Match on `code`, never on `message`. Use `isHoldfastError`, not `instanceof`: two copies of this
 * package may meet in one process.
 */
import { isFinal } from "./final-codes.ts";

/** Who has to change something for it not to happen again. */
export type Fault = "caller" | "peer" | "network" | "ours" | "nobody";

interface ErrorEntry {
  readonly fault: Fault;
  /** Whether trying again, unchanged, may help. A link redials only after causes that say so. */
  readonly retry: boolean;
  readonly means: string;
}

/** The closed list; docs/errors.md is generated from it. */
export const ERRORS = {
  // The caller's mistakes: thrown at the call.
  OPTION_INVALID: {
    fault: "caller",
    retry: false,
    means: "an option is unknown, outside its range, or contradicts another one",
  },
  URL_INVALID: { fault: "caller", retry: false, means: "a url is not one that this door can open" },
  LISTEN_FAILED: {
    fault: "caller",
    retry: false,
    means: "the address to listen on is in use, refused or does not exist",
  },
  MESSAGE_NOT_A_LINE: {
    fault: "caller",
    retry: false,
    means: "what was to be sent cannot be one line of the line dialect",
  },
  MESSAGE_TOO_LONG: {
    fault: "caller",
    retry: false,
    means: "a message exceeds `messageBytesMax` of its receiver",
  },
  OUTBOX_FULL: {
    fault: "caller",
    retry: true,
    means: "more is waiting to be sent than `outboxBytesMax` allows",
  },
  NOT_OPEN: {
    fault: "caller",
    retry: false,
    means: "the connection, link or server has ended or is closing",
  },

  // Ends that were asked for.
  CLOSED_HERE: { fault: "nobody", retry: false, means: "this side closed the connection" },
  CLOSED_BY_PEER: {
    fault: "nobody",
    retry: true,
    means: "the peer closed the connection and said so",
  },
  ABORTED: { fault: "nobody", retry: false, means: "the caller's `AbortSignal` was triggered" },
  DRAINED: {
    fault: "nobody",
    retry: true,
    means: "the server is going away",
  },
  REPLACED: {
    fault: "nobody",
    retry: false,
    means: "the same peer came back on a newer connection",
  },

  // Deaths.
  PEER_SILENT: {
    fault: "network",
    retry: true,
    means: "no sign of life came within the detection bound",
  },
  PEER_VANISHED: {
    fault: "network",
    retry: true,
    means: "the byte stream ended without a word of farewell",
  },
  PEER_RESET: {
    fault: "network",
    retry: true,
    means: "the connection was reset by the peer or by the path",
  },
  TRANSPORT_FAILED: {
    fault: "network",
    retry: true,
    means: "the operating system gave the connection up",
  },
  PEER_TAKES_NOTHING: {
    fault: "peer",
    retry: true,
    means: "the peer spoke, but took no output for `drainTimeoutMs`",
  },
  READER_TOO_SLOW: {
    fault: "ours",
    retry: true,
    means: "the application here did not read for `pauseMsMax`",
  },

  PAGE_AWAY: {
    fault: "nobody",
    retry: true,
    means: "the page was frozen, or went into the browser's cache for going back",
  },

  // The peer broke the rules.
  HANDSHAKE_TIMEOUT: {
    fault: "peer",
    retry: true,
    means: "the handshake was not complete within `handshakeTimeoutMs`",
  },
  UNFINISHED_TOO_LONG: {
    fault: "peer",
    retry: true,
    means: "a line, frame or message was begun but did not advance for `drainTimeoutMs`",
  },
  LINE_TOO_LONG: { fault: "peer", retry: false, means: "a line exceeds `lineBytesMax`" },
  MESSAGE_RECEIVED_TOO_LONG: {
    fault: "peer",
    retry: false,
    means: "a received message exceeds `messageBytesMax`",
  },
  FRAME_INVALID: { fault: "peer", retry: false, means: "a frame breaks the protocol" },
  HELLO_INVALID: {
    fault: "peer",
    retry: false,
    means: "HELLO or WELCOME is malformed, or a field has the wrong type",
  },
  VERSION_UNSUPPORTED: {
    fault: "peer",
    retry: false,
    means: "no protocol version is spoken by both sides",
  },
  WRONG_DIALECT: {
    fault: "peer",
    retry: false,
    means: "the other side speaks another dialect than this port or url",
  },
  WEBSOCKET_INVALID: {
    fault: "peer",
    retry: false,
    means: "a WebSocket peer mixed text and binary, sent a line break in a text, or broke RFC 6455",
  },
  PING_FLOOD: {
    fault: "peer",
    retry: true,
    means: "pings kept coming faster than `pingIntervalMsMin` allows",
  },

  // Turned away.
  CONNECTIONS_MAX: {
    fault: "peer",
    retry: true,
    means: "the server already holds `maxConnections`",
  },
  ADDRESS_MAX: {
    fault: "peer",
    retry: true,
    means: "this address already holds `maxPerAddress` connections",
  },
  ACCEPT_RATE: {
    fault: "peer",
    retry: true,
    means: "connections arrive faster than `acceptPerSecondMax`",
  },
  HANDSHAKES_MAX: {
    fault: "peer",
    retry: true,
    means: "`handshakesMax` handshakes are under way already",
  },
  SILENT_MAX: {
    fault: "peer",
    retry: true,
    means: "too many connections have never said a byte; the longest silent went first",
  },
  OVERLOADED: {
    fault: "peer",
    retry: true,
    means: "all buffers together exceed `bufferBytesTotalMax`; the largest holders went first",
  },
  PROXY_HEADER_INVALID: {
    fault: "peer",
    retry: true,
    means: "what has to begin with a header of the PROXY protocol did not, or not in time",
  },
  PROXY_UNTRUSTED: {
    fault: "peer",
    retry: false,
    means: "it came from none of the addresses that `proxyProtocol.trustedFrom` names",
  },
  UNAUTHORIZED: { fault: "caller", retry: false, means: "the server refused the credentials" },
  TURNED_AWAY: { fault: "nobody", retry: false, means: "the server said never to come back" },

  // A link that cannot come, or come back.
  DIAL_FAILED: {
    fault: "network",
    retry: true,
    means: "the address did not resolve or refused the connection",
  },
  CERTIFICATE_INVALID: {
    fault: "peer",
    retry: false,
    means: "the TLS certificate of the other side is not accepted here",
  },
  CERTIFICATE_REFUSED: {
    fault: "caller",
    retry: false,
    means: "the other side does not accept our TLS certificate, or asked for one and got none",
  },
  TLS_FAILED: {
    fault: "peer",
    retry: false,
    means: "the TLS handshake found no agreement, or only one of the two sides speaks TLS",
  },
  UPGRADE_REFUSED: {
    fault: "caller",
    retry: false,
    means: "the HTTP server there does not upgrade this request to a WebSocket",
  },
  UPGRADE_UNAVAILABLE: {
    fault: "peer",
    retry: true,
    means: "the HTTP server there cannot upgrade to a WebSocket at the moment",
  },
  DIAL_TIMEOUT: {
    fault: "network",
    retry: true,
    means: "an attempt took longer than `attemptTimeoutMs` from dialling to WELCOME",
  },
  REDIAL_EXHAUSTED: {
    fault: "network",
    retry: false,
    means: "`attemptsMax` attempts in a row did not lead to a connection that lasted",
  },
  GAVE_UP: { fault: "network", retry: false, means: "there was no connection for `giveUpAfterMs`" },
  REDIRECTS_MAX: {
    fault: "peer",
    retry: false,
    means: "the servers sent the link from one to the next too often",
  },
} as const;

ERRORS satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof ERRORS;

export class HoldfastError extends Error {
  override readonly name: string = "HoldfastError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** Whether trying again, unchanged, may help. */
  get retryable(): boolean {
    return !isFinal(this.code);
  }
}

/** True for a HoldfastError of this or of any other copy of the package. */
export function isHoldfastError(value: unknown): value is HoldfastError {
  return value instanceof Error && value.name === "HoldfastError" && "code" in value;
}

/** True for a text that is one of our codes, such as one that arrived in END. */
export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERRORS, value);
}
