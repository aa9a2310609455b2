/** A listening server of node:net as an Acceptor. */
import type { Server } from "node:net";
import { ignore } from "./stream-transport.ts";
import type { Acceptor, EffectiveKernelOptions, TransportKind } from "./transport.ts";

export interface AcceptorFacts {
  readonly url: string;
  readonly kind: TransportKind;
  readonly kernelOptions: EffectiveKernelOptions;
}

export class ServerAcceptor implements Acceptor {
  readonly url: string;
  readonly kind: TransportKind;
  readonly #server: Server;
  readonly #kernelOptions: EffectiveKernelOptions;
  readonly #onClose: () => void;
  #closed: Promise<void> | undefined;

  /** `onClose` ends those whom nobody has heard of yet. */
  constructor(server: Server, facts: AcceptorFacts, onClose: () => void = ignore) {
    this.#server = server;
    this.#onClose = onClose;
    this.url = facts.url;
    this.kind = facts.kind;
    this.#kernelOptions = facts.kernelOptions;
  }

  kernelOptions(): EffectiveKernelOptions {
    return this.#kernelOptions;
  }

  connectionCount(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }

  close(): Promise<void> {
    // The callback's error says only that the server was closed before, which is what is wanted.
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#onClose();
    });
    return this.#closed;
  }
}
