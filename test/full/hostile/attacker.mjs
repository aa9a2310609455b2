/**
 * Hostile clients on raw sockets. Each command is one attack with a bounded count of peers and a
 * bounded time, and returns what became of its peers.
 *
 * Usage: attacker.mjs <port>
 */
import { connect } from "node:net";
import { serveCommands } from "./commands.mjs";
import { codeOfEnd, FrameReader, hello, part, ping, TYPE } from "./words.mjs";

const PORT = Number(process.argv[2]);
const DAY_MS = 86_400_000;

/** One raw connection: when it opened, when and how it went. */
class Peer {
  connected = false;
  bytesIn = 0;
  /** After the last byte that it wrote. */
  wroteAt = 0;
  closedAt = undefined;
  error = undefined;

  /** @param {(bytes: Buffer) => void} onBytes */
  constructor(onBytes = () => {}) {
    this.openedAt = performance.now();
    this.socket = connect({ port: PORT, host: "127.0.0.1", noDelay: true });
    this.socket.on("connect", () => {
      this.connected = true;
      this.openedAt = performance.now();
    });
    this.socket.on("data", (bytes) => {
      this.bytesIn += bytes.length;
      onBytes(bytes);
    });
    this.socket.on("error", (error) => {
      this.error ??= error.code;
    });
    this.closed = new Promise((resolve) => {
      this.socket.on("close", () => {
        this.closedAt = performance.now();
        resolve();
      });
    });
  }

  get isOpen() {
    return this.closedAt === undefined;
  }

  write(bytes) {
    if (!this.isOpen || this.socket.writableEnded) return;
    this.wroteAt = performance.now();
    this.socket.write(bytes);
  }

  get lifeMs() {
    return Math.round((this.closedAt ?? performance.now()) - this.openedAt);
  }

  get silenceMs() {
    return Math.round((this.closedAt ?? performance.now()) - this.wroteAt);
  }
}

function peers(count) {
  return Array.from({ length: count }, () => new Peer());
}

/** Peers that said HELLO, and say `words` once they are welcome. */
function welcomed(count, nextMs, words) {
  return Array.from({ length: count }, () => {
    let isWelcome = false;
    const peer = new Peer(() => {
      if (!isWelcome) peer.write(words);
      isWelcome = true;
    });
    peer.write(hello(nextMs));
    return peer;
  });
}

async function settled(all, msMax) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, msMax);
  });
  await Promise.race([Promise.all(all.map(({ closed }) => closed)), late]);
  clearTimeout(timer);
}

/** What became of them; those that are left are closed. */
function summary(all) {
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
  for (const { socket } of all) socket.destroy();
  return result;
}

/** A byte now and then, of words that never end. */
async function trickle(count, bytes, everyMs, msMax) {
  const all = peers(count);
  let at = 0;
  const timer = setInterval(() => {
    const byte = bytes.subarray(at, at + 1);
    at += 1;
    for (const peer of all) peer.write(byte);
  }, everyMs);
  for (const peer of all) peer.write(bytes.subarray(0, 4));
  at = 4;
  await settled(all, msMax);
  clearInterval(timer);
  return summary(all);
}

/** Pings at a steady rate, or as fast as the server reads them. */
async function flood({ count, perSecond, ms, isFrame }) {
  const tallies = [];
  const all = [];
  for (let index = 0; index < count; index++) {
    const tally = {
      isWelcome: false,
      pings: 0,
      pongs: 0,
      slows: 0,
      slowAfterPings: 0,
      endCode: undefined,
    };
    const reader = new FrameReader();
    const hear = (bytes) => {
      if (!isFrame) tally.pongs += bytes.toString("latin1").split("\n").length - 1;
      else for (const heard of reader.push(bytes)) tallyFrame(tally, heard);
    };
    const peer = new Peer(hear);
    if (isFrame) peer.write(hello());
    tallies.push(tally);
    all.push(peer);
  }
  const TICK_MS = 50;
  const timer = setInterval(() => {
    for (const [index, peer] of all.entries()) {
      const tally = tallies[index];
      if (isFrame && !tally.isWelcome) continue;
      if (peer.socket.writableLength > 65_536) continue;
      const pings = [];
      for (let n = 0; n < (perSecond * TICK_MS) / 1_000 && tally.endCode === undefined; n++) {
        tally.pings += 1;
        pings.push(isFrame ? ping(tally.pings, 1_000) : Buffer.from("ping\n"));
      }
      if (pings.length > 0) peer.write(Buffer.concat(pings));
    }
  }, TICK_MS);
  await settled(all, ms);
  clearInterval(timer);
  return { ...summary(all), tallies };
}

function tallyFrame(tally, { type, body }) {
  if (type === TYPE.welcome) tally.isWelcome = true;
  if (type === TYPE.pong) tally.pongs += 1;
  if (type === TYPE.end) tally.endCode = codeOfEnd(body);
  if (type !== TYPE.slow) return;
  tally.slows += 1;
  tally.slowAfterPings ||= tally.pings;
}

/** Those of a burst, who stay for a while. */
const crowd = [];

/** Resolves when the connection stands, or was refused. */
function answered({ socket, closed }) {
  return Promise.race([closed, new Promise((resolve) => socket.once("connect", resolve))]);
}

serveCommands({
  /** HELLO, a byte a second, with a name so long that it lasts for an hour. */
  lorisFrames: ({ count, ms }) => {
    return trickle(count, hello(1_000, "a".repeat(3_600)), 1_000, ms);
  },

  /** Half a line that never ends, a byte now and then. */
  lorisLines: ({ count, ms }) => trickle(count, Buffer.alloc(3_600, "a"), 1_000, ms),

  /** So many bytes without a line break, and then nothing. */
  endlessLines: async ({ count, bytes, ms }) => {
    const all = peers(count);
    const line = Buffer.alloc(bytes, "x");
    for (const peer of all) peer.write(line);
    await settled(all, ms);
    return summary(all);
  },

  /** Messages that stop just short of their limit, their last part never coming. */
  endlessMessages: async ({ count, parts, ms }) => {
    const cont = part(TYPE.cont, 65_000, true);
    const conts = Array.from({ length: parts - 1 }, () => cont);
    const all = welcomed(count, 1_000, Buffer.concat([part(TYPE.text, 65_000, true), ...conts]));
    await settled(all, ms);
    return summary(all);
  },

  /** All at once, and none says a word. Held until `leave`. */
  burstSilent: async ({ count }) => {
    const beganAt = performance.now();
    const all = peers(count);
    crowd.push(...all);
    await Promise.all(all.map(answered));
    return { connectMs: Math.round(performance.now() - beganAt) };
  },

  /** In close order, and each says a line at once. Held until `leave`. */
  burstSpeaking: async ({ count }) => {
    const beganAt = performance.now();
    for (let from = 0; from < count; from += 500) {
      const batch = peers(Math.min(500, count - from));
      crowd.push(...batch);
      for (const peer of batch) peer.write("hi\n");
      await Promise.all(batch.map(answered));
    }
    return { connectMs: Math.round(performance.now() - beganAt) };
  },

  leave: async ({ ms }) => {
    await settled(crowd, ms);
    return summary(crowd.splice(0));
  },

  floodFrames: (args) => flood({ ...args, isFrame: true }),

  floodLines: (args) => flood({ ...args, isFrame: false }),

  /** "You will hear from me within a day", and then nothing. */
  dayLeases: async ({ count, ms }) => {
    const all = welcomed(count, DAY_MS, ping(1, DAY_MS));
    await settled(all, ms);
    return summary(all);
  },
});
