/** What is used of the platform's own WebSocket (WHATWG WebSockets), and nothing of it else. */

export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: CloseLike) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

export interface CloseLike {
  readonly code: number;
  readonly reason: string;
}

export type WebSocketClass = new (url: string, protocols: readonly string[]) => WebSocketLike;
