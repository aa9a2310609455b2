/**
 * What node:net keeps to itself, as far as engines lean on it. No other file knows it.
 *
 * Handles come from a listener's `onconnection`; beside them it takes the binding `stream_wrap`
 * (the byte count of a read, what became of a write), by `process.binding`, which is deprecated in
 * the documentation only and says so under `--pending-deprecation`. Easy to break: a call of the
 * wrong shape does not throw, it aborts the process. So nothing is called before node:net itself
 * was seen to call it that way, over a handle that is none (`callsOfNode`).
 */
import { type Server, Socket } from "node:net";
import { getSystemErrorMap, getSystemErrorName } from "node:util";
import { systemCode } from "../listen-failure.ts";
import type { WriteOwner } from "../stream-facts.ts";
import { ignore } from "../stream-transport.ts";

/** A connection below net.Socket. After `close` or `reset` its methods do nothing. */
export interface TcpHandle {
  /** An alias of node:net for whose handle it is: a place that every handle has anyway. */
  owner: object | null;
  /** Called with the handle as `this`; the count stands in `readResult()`. */
  onread: ((this: TcpHandle, bytes: ArrayBuffer | undefined) => void) | undefined;
  readonly fd: number;
  readonly bytesWritten: number | undefined;
  /** Bytes that libuv was given and that the kernel has not taken. */
  readonly writeQueueSize: number;
  readStart(): number;
  readStop(): number;
  /** From now on every read goes into `buffer`. There is no way back. */
  useUserBuffer(buffer: Uint8Array): void;
  writeBuffer(request: object | null, bytes: Uint8Array): unknown;
  shutdown(request: object): number;
  close(closed: (this: TcpHandle) => void): void;
  reset(closed: (this: TcpHandle) => void): number;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, idleS: number, intervalS?: number, count?: number): number;
  getpeername(address: HandleAddress): number;
  getsockname(address: HandleAddress): number;
}

/** Of a server of node:net that listens. */
export interface ListenerHandle {
  onconnection: (code: number, handle: TcpHandle | undefined) => void;
  /** Left out where another process accepts. */
  setNoDelay?(on: boolean): number;
  setKeepAlive?: TcpHandle["setKeepAlive"];
}

/** Undefined while the server does not listen, and where there is no such thing. */
export function listenerHandleOf(server: Server): ListenerHandle | undefined {
  const handle = (server as { readonly _handle?: Partial<ListenerHandle> | null })._handle;
  if (typeof handle?.onconnection !== "function") return undefined;
  return handle as ListenerHandle;
}

export interface HandleAddress {
  address?: string;
  port?: number;
}

/** A write or a shutdown under way; `oncomplete` is called with it as `this`. */
export interface HandleRequest {
  /** 0, or an error number. */
  oncomplete?: (this: HandleRequest, code: number) => void;
  owner?: WriteOwner & Partial<RequestOwner>;
  /** Kept from the collector until the kernel has them. */
  bytes?: Uint8Array;
  /** Where a request may be complete before it is returned. */
  writeStatus?: number | null;
}

/** Who is told of the end of its requests. */
export interface RequestOwner extends WriteOwner {
  handleShutdown(code: number): void;
}

export interface HandleInternals {
  /** Bytes of the read that `onread` tells of, or an error number. */
  readResult(): number;
  /** Where they begin, if the handle reads into memory of its own. */
  readOffset(): number;
  readonly writes: HandleWrites;
  /** 0: `owner` is told when it is done. 1: it is done. Below: an error number. */
  shutdown(handle: TcpHandle, owner: RequestOwner): number;
  readonly errors: ErrorNumbers;
}

/** How bytes are written. One object for a process, so that the call is always the same. */
export interface HandleWrites {
  /**
   * 0: the kernel took all of `bytes`. 1: a part waits, and `owner` is told of its end. Below: an
   * error number.
   */
  write(handle: TcpHandle, bytes: Uint8Array, owner: WriteOwner): number;
}

/** Error numbers of libuv, which differ by platform. */
export interface ErrorNumbers {
  readonly endOfFile: number;
  readonly notConnected: number;
}

/** The binding `stream_wrap`: constructors, an array of results, and where in it they stand. */
interface StreamWrap {
  readonly WriteWrap: new () => HandleRequest;
  readonly ShutdownWrap: new () => HandleRequest;
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kArrayBufferOffset: number;
  readonly kLastWriteWasAsync: number;
  /** Only where node:net writes without a request of its own. */
  readonly kLastWriteErr?: number;
}

/** The internals, or why they cannot be used here. */
export function findHandleInternals(): HandleInternals | string {
  const binding = streamWrap();
  if (typeof binding === "string") return binding;
  const { streamBaseState: state, kReadBytesOrError, kArrayBufferOffset } = binding;
  const errors = errorNumbers();
  if (errors === undefined) return "the error numbers of libuv are not known";
  const calls = callsOfNode(binding);
  if (typeof calls === "string") return calls;
  if (!(calls.shutdown instanceof binding.ShutdownWrap)) {
    return "node:net shuts sockets down in a way that is not known";
  }
  const writes = writesLike(calls.write, binding);
  if (writes === undefined) return "node:net writes in a way that is not known";
  return {
    readResult: () => state[kReadBytesOrError] ?? 0,
    readOffset: () => state[kArrayBufferOffset] ?? 0,
    writes,
    shutdown(handle, owner) {
      const request = new binding.ShutdownWrap();
      request.owner = owner;
      request.oncomplete = onShutdown;
      return handle.shutdown(request);
    },
    errors,
  };
}

/** As node:net says what the system answered. */
export function systemError(code: number, call: "accept" | "read" | "shutdown" | "write"): Error {
  const name = getSystemErrorName(code);
  return Object.assign(new Error(`${call} ${name}`), { errno: code, code: name, syscall: call });
}

function streamWrap(): StreamWrap | string {
  const { binding } = process as { readonly binding?: (name: string) => Partial<StreamWrap> };
  if (typeof binding !== "function") return "there is no process.binding";
  let found: Partial<StreamWrap>;
  try {
    found = binding("stream_wrap");
  } catch (error) {
    // Denied, as under --permission, or not there, as on other runtimes.
    return `process.binding: ${systemCode(error) ?? String(error)}`;
  }
  const { streamBaseState, kReadBytesOrError, kArrayBufferOffset, kLastWriteWasAsync } = found;
  const places = [kReadBytesOrError, kArrayBufferOffset, kLastWriteWasAsync];
  const isWhole =
    streamBaseState instanceof Int32Array &&
    places.every((place) => typeof place === "number" && place < streamBaseState.length) &&
    typeof found.WriteWrap === "function" &&
    typeof found.ShutdownWrap === "function";
  return isWhole ? (found as StreamWrap) : "the binding stream_wrap is another one";
}

function errorNumbers(): ErrorNumbers | undefined {
  const numbers = new Map<string, number>();
  for (const [code, [name]] of getSystemErrorMap()) numbers.set(name, code);
  const endOfFile = numbers.get("EOF");
  const notConnected = numbers.get("ENOTCONN");
  if (endOfFile === undefined || notConnected === undefined) return undefined;
  return { endOfFile, notConnected };
}

/** What a net.Socket gives to its handle as the request of a write and of a shutdown. */
interface CallsOfNode {
  readonly write: unknown;
  readonly shutdown: unknown;
}

function callsOfNode({ streamBaseState, kLastWriteWasAsync }: StreamWrap): CallsOfNode | string {
  let write: unknown;
  let shutdown: unknown;
  const handle = {
    readStart: () => 0,
    readStop: () => 0,
    writeBuffer(request: unknown) {
      write = request;
      streamBaseState[kLastWriteWasAsync] = 0; // As a handle says that it is done.
      return 0;
    },
    shutdown(request: unknown) {
      shutdown = request;
      return 1; // Done.
    },
    close: (closed: () => void) => setImmediate(closed),
  };
  const options = { handle, allowHalfOpen: true, manualStart: true };
  try {
    const socket = new Socket(options);
    socket.on("error", ignore);
    socket.write(Uint8Array.of(0));
    socket.end();
    socket.destroy();
  } catch (error) {
    return `net.Socket takes another kind of handle: ${String(error)}`;
  }
  return { write, shutdown };
}

function writesLike(request: unknown, binding: StreamWrap): HandleWrites | undefined {
  if (request instanceof binding.WriteWrap) return new GivenRequests(binding);
  if (request === null && typeof binding.kLastWriteErr === "number") {
    return new ReturnedRequests(binding.streamBaseState, binding.kLastWriteErr);
  }
  return undefined;
}

/**
 * A write is given its request, and says afterwards whether it needed it (Node 20 to 24). Mostly it
 * did not, and the same one serves the next write, whoever makes it: nothing is allocated.
 */
class GivenRequests implements HandleWrites {
  readonly #Request: new () => HandleRequest;
  readonly #state: Int32Array;
  readonly #wasAsync: number;
  #spare: HandleRequest;

  constructor(binding: StreamWrap) {
    this.#Request = binding.WriteWrap;
    this.#state = binding.streamBaseState;
    this.#wasAsync = binding.kLastWriteWasAsync;
    this.#spare = new this.#Request();
  }

  write(handle: TcpHandle, bytes: Uint8Array, owner: WriteOwner): number {
    const code = handle.writeBuffer(this.#spare, bytes) as number;
    if (this.#state[this.#wasAsync] === 0 && code === 0) return 0;
    const request = this.#spare;
    this.#spare = new this.#Request();
    if (code !== 0) return code;
    request.owner = owner;
    request.bytes = bytes;
    request.oncomplete = onWritten;
    return 1;
  }
}

/** A write that is not done at once returns its request (Node 26). */
class ReturnedRequests implements HandleWrites {
  readonly #state: Int32Array;
  readonly #lastError: number;

  constructor(state: Int32Array, lastError: number) {
    this.#state = state;
    this.#lastError = lastError;
  }

  write(handle: TcpHandle, bytes: Uint8Array, owner: WriteOwner): number {
    const result = handle.writeBuffer(null, bytes);
    if (typeof result === "number") return result;
    const code = this.#state[this.#lastError] ?? 0;
    if (code !== 0) return code;
    const request = result as HandleRequest;
    const status = request.writeStatus;
    if (typeof status === "number") return status;
    request.owner = owner;
    request.bytes = bytes;
    request.oncomplete = onWritten;
    return 1;
  }
}

function onWritten(this: HandleRequest, code: number): void {
  this.owner?.handleWritten(code);
}

function onShutdown(this: HandleRequest, code: number): void {
  this.owner?.handleShutdown?.(code);
}
