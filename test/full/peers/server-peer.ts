/**
 * A Holdfast server, or several, whose connections are named by their first message.
 *
 * It says "listening", "joined" with each name, "verdict", and "ended" with the record.
 */
import { type ListenOptions, listen, type ServerConnection } from "../../../src/index.ts";
import { argument, obey, say } from "./orders.ts";
import { factsOf, PUSH_EVERY_MS, PUSHING, type SendOrder } from "./reports.ts";

const named = new Map<ServerConnection, string>();

async function serve(options: ListenOptions): Promise<string> {
  const server = await listen(options);
  server.on("message", (connection, data) => {
    if (named.has(connection)) return;
    const name = String(data);
    named.set(connection, name);
    if (name.includes(PUSHING)) push(connection);
    say("joined", { name });
  });
  server.on("verdict", (connection, verdict) => {
    say("verdict", { name: named.get(connection) ?? "", verdict, at: Date.now() });
  });
  server.on("end", (connection, record) => {
    say("ended", { name: named.get(connection) ?? "", record: factsOf(record) });
    named.delete(connection);
  });
  return server.urls[0] ?? "";
}

function push(connection: ServerConnection): void {
  const timer = setInterval(() => connection.send("news"), PUSH_EVERY_MS);
  connection.on("end", () => clearInterval(timer));
}

const urls: string[] = [];
for (const options of argument<readonly ListenOptions[]>()) urls.push(await serve(options));
say("listening", { urls });
obey<SendOrder>(({ to, bytes }) => {
  for (const [connection, name] of named) if (name.includes(to)) connection.send("s".repeat(bytes));
});
