/**
 * Paths that take their time: each passes bytes on after a delay, in both directions, so that at
 * any moment many pings are under way. What the bytes say is none of their business.
 *
 *     node slow-path.mjs '{"ways": [{"over": "tcp", "port": 8080}], "delayMs": 150}'
 *
 * It tells the way to each path, which is the way behind it but for the port or the file.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { tell } from "./orders.mjs";

const { ways, delayMs } = JSON.parse(process.argv[2]);

const slow = [];
for (const way of ways) slow.push(await open(way));
tell("listening", { ways: slow });

async function open(way) {
  const isFile = way.over === "unix";
  const server = createServer((near) => {
    const far = isFile ? connect(way.path) : connect(way.port, "127.0.0.1");
    pass(near, far);
    pass(far, near);
  });
  const path = `${way.path}.slow`;
  server.listen(isFile ? { path } : { port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  return isFile ? { ...way, path } : { ...way, port: server.address().port };
}

function pass(from, to) {
  if (from.setNoDelay !== undefined) from.setNoDelay(true);
  from.on("data", (bytes) => setTimeout(() => to.write(bytes), delayMs));
  from.on("error", () => {});
  from.on("close", () => to.destroy());
}
