/**
 * Holdfast links, each with a name, which it sends as the first message of each connection.
 *
 * It says "status" with each change, "settled" once a new connection has been used for a while,
 * "ended" with the record of each connection, "interval" when an adaptive one has changed, and
 * "steady" when a connection has lived for some beats.
 */
import { type ConnectOptions, connect, type Link } from "../../../src/index.ts";
import { argument, obey, say } from "./orders.ts";
import { factsOf, PUSH_EVERY_MS, PUSHING, type SendOrder } from "./reports.ts";

export interface LinkOrder {
  readonly name: string;
  readonly url: string;
  readonly options: ConnectOptions;
}

const links = new Map<string, Link>();
const SETTLED_AFTER = 3;
/** So many beats. */
const STEADY_AFTER = 8;

for (const { name, url, options } of argument<readonly LinkOrder[]>()) {
  const link = connect(url, options);
  links.set(name, link);
  let known = "";
  let signs = 0;
  const sign = (): void => {
    signs += 1;
    if (signs === SETTLED_AFTER) say("settled", { name });
  };
  link.on("beat", sign);
  link.on("message", sign);
  link.on("status", (status) => {
    const connectionId = status.name === "online" ? status.connectionId : known;
    const isNew = connectionId !== known;
    known = connectionId;
    say("status", { name, status: status.name, isNew, at: Date.now() });
    if (isNew) link.send(name);
  });
  link.on("connectionEnd", (record) => say("ended", { name, record: factsOf(record) }));
  link.on("interval", (change) => say("interval", { name, ...change }));
  let answers = 0;
  let connections = 1;
  link.on("connectionEnd", () => {
    answers = 0;
    connections += 1;
  });
  link.on("beat", ({ of }) => {
    answers += of === "ours" ? 1 : 0;
    const { intervalMs } = link;
    if (answers === STEADY_AFTER) say("steady", { name, connections, intervalMs });
  });
  if (name.includes(PUSHING)) {
    setInterval(() => {
      if (link.status.name === "online" || link.status.name === "suspect") link.send("news");
    }, PUSH_EVERY_MS);
  }
}

obey<SendOrder>(({ to, bytes }) => {
  for (const [name, link] of links) if (name.includes(to)) link.send("c".repeat(bytes));
});
