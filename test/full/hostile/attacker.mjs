/**
 * Hostile clients. Each command is one attack with a bounded count of peers and a bounded time, by
 * one of the ways (pipe.mjs), and returns what became of its peers.
 *
 * Usage: attacker.mjs '{"tcp": {"over": "tcp", "port": 8080}, …}'
 */
import { OPCODE, frameHead, webSocketFrame } from "../../support/web-socket-words.mjs";
import { HTTP_ABUSES, TLS_ABUSES, WEBSOCKET_ABUSES } from "./abuse.mjs";
import { serveCommands } from "./commands.mjs";
import { Peer, settled, summary } from "./peer.mjs";
import { codeOfEnd, FrameReader, hello, part, ping, TYPE } from "./words.mjs";

const WAYS = JSON.parse(process.argv[2]);
const DAY_MS = 86_400_000;

function peers(count, way, dialect = "line") {
  return Array.from({ length: count }, () => new Peer(WAYS[way], dialect));
}

/** Peers that said HELLO, and say `words`, each of them whole, once they are welcome. */
function welcomed(count, way, nextMs, words) {
  return Array.from({ length: count }, () => {
    let isWelcome = false;
    const peer = new Peer(WAYS[way], "frame", () => {
      if (!isWelcome) for (const word of words) peer.write(word);
      isWelcome = true;
    });
    peer.write(hello(nextMs));
    return peer;
  });
}

/** A byte now and then, of words that never end. */
async function trickle({ count, way, dialect, ms }, words) {
  const all = peers(count, way, dialect);
  const bytes = wire(way, dialect, words);
  const EVERY_MS = 1_000;
  let at = 4;
  const timer = setInterval(() => {
    const byte = bytes.subarray(at, at + 1);
    at += 1;
    for (const peer of all) peer.writeRaw(byte);
  }, EVERY_MS);
  for (const peer of all) void peer.opened.then(() => peer.writeRaw(bytes.subarray(0, 4)));
  await settled(all, ms);
  clearInterval(timer);
  return summary(all);
}

/** One whole unit of the dialect as it stands on the wire of this way. */
function wire(way, dialect, words) {
  if (WAYS[way].upgrade === undefined) return words;
  return webSocketFrame(dialect === "line" ? OPCODE.text : OPCODE.binary, words);
}

/** So many bytes of one line, whose end never comes. */
function lineWithoutEnd(way, bytes) {
  const text = Buffer.alloc(bytes, "x");
  if (WAYS[way].upgrade === undefined) return text;
  // Half of it as a fragment, then a frame that is announced longer than it becomes.
  const half = Math.floor(bytes / 2);
  const mask = Buffer.alloc(4);
  const rest = frameHead(OPCODE.cont, bytes, { fin: false, mask });
  const first = webSocketFrame(OPCODE.text, text.subarray(0, half), { fin: false });
  return Buffer.concat([first, rest, text.subarray(half)]);
}

/** Pings at a steady rate, or as fast as the server reads them. */
async function flood({ count, way, perSecond, ms, isFrame }) {
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
    const peer = new Peer(WAYS[way], isFrame ? "frame" : "line", hear);
    if (isFrame) peer.write(hello());
    tallies.push(tally);
    all.push(peer);
  }
  const TICK_MS = 50;
  const timer = setInterval(() => {
    for (const [index, peer] of all.entries()) {
      const tally = tallies[index];
      if (!peer.pipe.isOpen || (isFrame && !tally.isWelcome)) continue;
      if (peer.pipe.socket.writableLength > 65_536) continue;
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

/** Whatever lies between a way and its dialect, at which an abuse is aimed: the way below it. */
const ABUSES = {
  tls: [TLS_ABUSES, ({ host, port }) => ({ over: "tcp", host, port })],
  http: [HTTP_ABUSES, (way) => ({ ...way, upgrade: undefined })],
  websocket: [WEBSOCKET_ABUSES, (way) => way],
};

serveCommands({
  /** Each abuse by one peer, all at once. Returns by name how long each lived, if it has ended. */
  abuse: async ({ of, way, ms }) => {
    const [abuses, below] = ABUSES[of];
    const all = Object.entries(abuses).map(([name, say]) => {
      const peer = new Peer(below(WAYS[way]), "line");
      void peer.opened.then(() => say(peer));
      return [name, peer];
    });
    const everyone = all.map(([, peer]) => peer);
    await settled(everyone, ms);
    const lives = all.map(([name, { isOpen, lifeMs }]) => [name, isOpen ? undefined : lifeMs]);
    summary(everyone);
    return Object.fromEntries(lives);
  },

  /** Pings of WebSocket itself, which browsers never send, at a steady rate. */
  floodNative: async ({ count, way, perSecond, ms }) => {
    const all = peers(count, way);
    const TICK_MS = 50;
    const one = webSocketFrame(OPCODE.ping, Buffer.from("x"));
    const pings = Buffer.concat(Array.from({ length: (perSecond * TICK_MS) / 1_000 }, () => one));
    for (const peer of all) peer.write("hi\n");
    const timer = setInterval(() => {
      for (const peer of all) {
        if (peer.pipe.socket.writableLength < 65_536) peer.writeRaw(pings);
      }
    }, TICK_MS);
    await settled(all, ms);
    clearInterval(timer);
    const pongs = all.reduce((sum, { nativePongs }) => sum + nativePongs, 0);
    return { ...summary(all), pongs };
  },

  /** HELLO, a byte a second, with a name so long that it lasts for an hour. */
  lorisFrames: (args) => trickle({ ...args, dialect: "frame" }, hello(1_000, "a".repeat(3_600))),

  /** Half a line that never ends, a byte now and then. */
  lorisLines: (args) => trickle({ ...args, dialect: "line" }, Buffer.alloc(3_600, "a")),

  /** So many bytes without a line break, and then nothing. */
  endlessLines: async ({ count, way, bytes, ms }) => {
    const all = peers(count, way);
    const line = lineWithoutEnd(way, bytes);
    for (const peer of all) void peer.opened.then(() => peer.writeRaw(line));
    await settled(all, ms);
    return summary(all);
  },

  /** Messages that stop just short of their limit, their last part never coming. */
  endlessMessages: async ({ count, way, parts, ms }) => {
    const first = part(TYPE.text, 65_000, true);
    const conts = Array.from({ length: parts - 1 }, () => part(TYPE.cont, 65_000, true));
    const all = welcomed(count, way, 1_000, [first, ...conts]);
    await settled(all, ms);
    return summary(all);
  },

  /** All at once, and none says a word. Held until `leave`. */
  burstSilent: async ({ count, way }) => {
    const beganAt = performance.now();
    const all = peers(count, way);
    crowd.push(...all);
    await Promise.all(all.map(({ opened }) => opened));
    return { connectMs: Math.round(performance.now() - beganAt) };
  },

  /** In close order, and each says a line at once. Held until `leave`. */
  burstSpeaking: async ({ count, way }) => {
    const beganAt = performance.now();
    for (let from = 0; from < count; from += 500) {
      const batch = peers(Math.min(500, count - from), way);
      crowd.push(...batch);
      for (const peer of batch) peer.write("hi\n");
      await Promise.all(batch.map(({ opened }) => opened));
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
  dayLeases: async ({ count, way, ms }) => {
    const all = welcomed(count, way, DAY_MS, [ping(1, DAY_MS)]);
    await settled(all, ms);
    return summary(all);
  },
});
