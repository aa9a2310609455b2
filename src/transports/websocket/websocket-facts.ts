/** What an upgraded WebSocket is made with, on both sides. */
import type { Socket } from "node:net";
import type { StreamFacts } from "../stream-facts.ts";
import type { RemoteAddress, TlsFacts, UpgradeRequest } from "../transport.ts";
import type { Speech } from "./message-writer.ts";

/** What all WebSockets of one listener, or one dial, have in common. */
export interface WebSocketTerms {
  /** What a client sends is masked (RFC 6455 section 5.3). */
  readonly isClient: boolean;
  /** A client knows what will be spoken; a server learns it by the first message. */
  readonly speech: Speech | undefined;
  /** The byte with which binary messages have to begin the stream; undefined: any. */
  readonly firstByte: number | undefined;
  /** How long a message may be. */
  readonly messageBytesMax: number;
}

export interface WebSocketFacts {
  readonly terms: WebSocketTerms;
  readonly socket: Socket;
  readonly stream: StreamFacts;
  readonly remote: RemoteAddress;
  readonly tls: TlsFacts | undefined;
  readonly request: UpgradeRequest | undefined;
}
