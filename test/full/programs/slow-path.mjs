/**
 * A path that takes its time: passes bytes on after a delay, in both directions, so that at any
 * moment many pings are under way.
 *
 *     node slow-path.mjs '{"port": 8080, "delayMs": 150}'
 */
import { connect, createServer } from "node:net";
import { tell } from "./orders.mjs";

const { port, delayMs } = JSON.parse(process.argv[2]);

const server = createServer((near) => {
  const far = connect(port, "127.0.0.1");
  pass(near, far);
  pass(far, near);
});
server.listen(0, "127.0.0.1", () => tell("listening", { port: server.address().port }));

function pass(from, to) {
  from.setNoDelay(true);
  from.on("data", (bytes) => setTimeout(() => to.write(bytes), delayMs));
  from.on("error", () => {});
  from.on("close", () => to.destroy());
}
