/** One hostile client on a pipe of its own, by any way: when it came, when and how it went. */
import { openPipe } from "../../support/pipe.mjs";

export class Peer {
  pipe;
  connected = false;
  /** After the last byte that it wrote. */
  wroteAt = 0;
  closedAt = undefined;
  error = undefined;
  /** Of WebSocket itself. */
  nativePongs = 0;

  /** @param {(bytes: Buffer) => void} onBytes */
  constructor(way, dialect, onBytes = () => {}) {
    this.openedAt = performance.now();
    this.opened = new Promise((resolve) => {
      this.closed = new Promise((settle) => {
        this.pipe = openPipe(way, dialect, {
          onOpen: () => {
            this.connected = true;
            this.openedAt = performance.now();
            resolve();
          },
          onBytes,
          onPong: () => {
            this.nativePongs += 1;
          },
          onClosed: () => {
            this.closedAt = performance.now();
            settle();
            resolve(); // It was refused, which is an answer, too.
          },
        });
      });
    });
    this.pipe.socket.on("error", (error) => {
      this.error ??= error.code;
    });
  }

  get isOpen() {
    return this.closedAt === undefined;
  }

  /** Whole lines or frames. */
  write(words) {
    if (!this.isOpen) return;
    this.wroteAt = performance.now();
    this.pipe.write(words);
  }

  /** Bytes below the dialect, once the pipe is open: pieces of frames, and what is none. */
  writeRaw(bytes) {
    const { socket, isOpen } = this.pipe;
    if (!this.isOpen || !isOpen || socket.writableEnded) return;
    this.wroteAt = performance.now();
    socket.write(bytes);
  }

  get lifeMs() {
    return Math.round((this.closedAt ?? performance.now()) - this.openedAt);
  }

  get silenceMs() {
    return Math.round((this.closedAt ?? performance.now()) - this.wroteAt);
  }
}

/** Until all are gone, but not for longer than `msMax`. */
export async function settled(all, msMax) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, msMax);
  });
  await Promise.race([Promise.all(all.map(({ closed }) => closed)), late]);
  clearTimeout(timer);
}

/** What became of them; those that are left are closed. */
export function summary(all) {
  const gone = all.filter((peer) => !peer.isOpen);
  const lives = gone.map(({ lifeMs }) => lifeMs);
  const silences = gone.map(({ silenceMs }) => silenceMs);
  const errors = {};
  for (const { error } of all) if (error !== undefined) errors[error] = (errors[error] ?? 0) + 1;
  const result = {
    peers: all.length,
    connected: all.filter(({ connected }) => connected).length,
    closedByServer: gone.length,
    lifeMsMin: Math.min(...lives),
    lifeMsMax: Math.max(...lives),
    silenceMsMax: Math.max(...silences),
    errors,
  };
  for (const { pipe } of all) pipe.socket.destroy();
  return result;
}
