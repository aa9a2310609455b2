/** Several workers behind a balancer: each of them knows the client. */
import { expect, test } from "vitest";
import { ENDS, v1, v2 } from "../support/proxy-writer.ts";
import { Processes } from "../support/processes.ts";
import { hears, isClosed, raw } from "./proxy-world.ts";

test("with workers the lines, the table and the limits name the client", async (context) => {
  const place = ["--listen", "tcp://127.0.0.1:0", "--proxy-protocol", "127.0.0.1"];
  const limits = ["--max-per-address", "3"];
  const server = new Processes(context).holdfast("serve", "--workers", "2", ...place, ...limits);
  const [, port = ""] = await server.says(/listening on tcp:\/\/127\.0\.0\.1:(\d+)/);
  await server.says(/workers: /);
  for (const header of [v1(ENDS), v2({ ...ENDS, from: "192.0.2.8" })]) {
    const peer = await raw(Number(port));
    peer.socket.write(Buffer.concat([header, Buffer.from("ping\n")]));
    await hears(peer, "pong\n");
  }
  await server.says(/accepted from 192\.0\.2\.7:4711 via 127\.0\.0\.1:\d+\n/);
  await server.says(/accepted from 192\.0\.2\.8:4711 via 127\.0\.0\.1:\d+\n/);
  server.signal("SIGUSR2");
  await server.says(/ 192\.0\.2\.7:4711 +line +alive/);
  const stranger = await raw(Number(port));
  stranger.socket.write("hello\n");
  await isClosed(stranger);
  await server.says(
    /w[12] .*rejected 127\.0\.0\.1:\d+ \(PROXY_HEADER_INVALID\): expected a header/,
  );
  server.signal("SIGTERM");
  expect(await server.exit).toEqual({ code: 0, signal: null });
});
