/**
 * One end of a conversation in frames, on whichever runtime runs it.
 *
 *     node frame-end.mjs '{"dist": "file:///…/index.js"}'                  listens, and echoes
 *     node frame-end.mjs '{"dist": "…", "url": "tcp://…", "texts": [..]}'  sends, and tells echoes
 *
 * It tells how every connection ended.
 */
import { tell } from "./orders.mjs";

const { dist, url, texts } = JSON.parse(process.argv[2]);
const { connect, listen } = await import(dist);

if (url === undefined) await serve();
else await talk();

async function serve() {
  const server = await listen({ port: 0, host: "127.0.0.1", accept: ["frame"] });
  server.on("message", (connection, data) => connection.send(data));
  server.on("end", (_connection, { code, by, beats }) => tell("ended", { code, by, beats }));
  tell("listening", { url: server.urls[0] });
  process.stdin.resume().once("end", () => void server.close());
}

async function talk() {
  const link = connect(url, { heartbeat: { intervalMs: 200 } });
  const heard = [];
  let beats = 0;
  link.on("beat", () => {
    beats += 1;
    if (beats === 3) tell("beaten", { beats });
  });
  link.on("message", (data) => {
    heard.push(data);
    if (heard.length === texts.length) tell("echoed", { heard });
  });
  link.on("connectionEnd", ({ code, by }) => tell("ended", { code, by }));
  for (const text of texts) link.send(text);
  process.stdin.resume().once("end", () => void link.close());
}
