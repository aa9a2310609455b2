/** The WebSocket of a browser that does as it is told, and whose `bufferedAmount` can be set. */
import type { CloseLike, WebSocketLike } from "../../src/page/web-socket-like.ts";

export class FakeWebSocket implements WebSocketLike {
  binaryType = "blob";
  bufferedAmount = 0;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: CloseLike) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly sent: (string | Uint8Array)[] = [];
  /** What `close` was called with, each time. */
  readonly closes: (readonly [code: number | undefined, reason: string | undefined])[] = [];

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.sent.push(typeof data === "string" ? data : data.slice());
  }

  close(code?: number, reason?: string): void {
    this.closes.push([code, reason]);
  }

  open(): void {
    this.onopen?.(undefined as never);
  }

  message(data: string | Uint8Array): void {
    this.onmessage?.({ data: typeof data === "string" ? data : data.slice().buffer });
  }

  closed(code: number, reason = ""): void {
    this.onclose?.({ code, reason });
  }

  /** What was sent since the last call. */
  take(): (string | Uint8Array)[] {
    return this.sent.splice(0);
  }
}
