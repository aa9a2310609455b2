/** Holdfast's own server and link, in one dialect. A link that ended is closed, not redialled. */
import {
  connect,
  type EndRecord,
  type ListenOptions,
  listen,
  type ServerConnection,
} from "../../../src/index.ts";
import type { Dialect } from "../bounds.ts";
import { type Contestant, type EndFacts, HELLO, monotonicMs, once } from "./contestant.ts";

const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
const SIZES = { messageBytesMax: MESSAGE_BYTES_MAX, line: { lineBytesMax: MESSAGE_BYTES_MAX } };

export function holdfastContestant(dialect: Dialect): Contestant {
  return {
    async serve(host, options, told) {
      const tell = once(told);
      let connected: ServerConnection | undefined;
      const { serverAnswerMs: answerWithinMs, timeoutMs } = options;
      const settings: ListenOptions = { host, port: 0, timeoutMs, answerWithinMs, ...SIZES };
      const server = await listen(settings);
      server.on("message", (connection, data) => {
        if (data !== HELLO) return;
        connected = connection;
        connection.send(HELLO);
        tell.open();
      });
      server.on("end", (_connection, record) => tell.ended(factsOf(record)));
      const port = Number(/:(\d+)$/.exec(server.urls[0] ?? "")?.[1]);
      return { port, send: (bytes) => void connected?.send("s".repeat(bytes)) };
    },

    dial(host, port, options, told) {
      const tell = once(told);
      const { intervalMs, clientAnswerMs: answerWithinMs, timeoutMs } = options;
      const heartbeat = { intervalMs, answerWithinMs };
      const scheme = dialect === "frame" ? "tcp" : "line";
      const link = connect(`${scheme}://${host}:${port}`, { heartbeat, timeoutMs, ...SIZES });
      link.send(HELLO);
      link.on("message", (data) => {
        if (data === HELLO) tell.open();
      });
      link.on("connectionEnd", (record) => {
        tell.ended(factsOf(record));
        void link.close(); // It has nothing left to deliver that matters here.
      });
      return { send: (bytes) => void link.send("c".repeat(bytes)) };
    },
  };
}

function factsOf({ code, evidence }: EndRecord): EndFacts {
  const { heardMsAgo, ourLatenessMs } = evidence;
  const heardAtMs = heardMsAgo === undefined ? undefined : monotonicMs() - heardMsAgo;
  return { how: code, heardAtMs, ourLatenessMs };
}
