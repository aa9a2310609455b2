/**
 * Many links in one process, which do what they are told: dial, tell what they cost, come back.
 *
 * Settings are the only argument, as JSON; orders come on stdin, and each is answered by one line.
 * Nothing is listened to that costs memory for each link, but for `count-dials`.
 */
import type * as holdfast from "../../src/index.ts";

export interface LinkSettings {
  /** File url of the built library. */
  readonly dist: string;
  readonly url: string;
  readonly options: holdfast.ConnectOptions;
  /** Dials are counted and moments of coming online noted: a listener for each link. */
  readonly countsDials: boolean;
}

/** So many links are made before the event loop gets its turn. */
const LINKS_PER_TURN = 250;
const LOOK_EVERY_MS = 10;
const TIMER_LOOKS = 50;

interface Count {
  dials: number;
  onlineAtMs: number;
}

const settings = JSON.parse(process.argv[2] ?? "{}") as LinkSettings;
const { connect } = (await import(settings.dist)) as typeof holdfast;
const links: holdfast.Link[] = [];
const counts: Count[] = [];

let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text: string) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) void obey(line.trim());
});
process.stdin.on("close", () => process.exit(0));
process.stdin.on("end", () => process.exit(0));
say({ event: "ready" });

async function obey(order: string): Promise<void> {
  const [name, amount] = order.split(" ");
  switch (name) {
    case "dial":
      return say(await dial(Number(amount)));
    case "weigh":
      return say(await weigh());
    case "cpu":
      return say({ event: "cpu", ...process.cpuUsage(), timers: await timersMost() });
    case "forget":
      return forget();
    case "returned":
      return say(await returned());
    default:
      return say({ event: "error", error: `there is no order "${order}"` });
  }
}

/** Resolves when all links are online. */
async function dial(count: number): Promise<object> {
  const startedAt = performance.now();
  for (let made = 0; made < count; made++) {
    add();
    if ((made + 1) % LINKS_PER_TURN === 0) await turn();
  }
  const dialledMs = performance.now() - startedAt;
  await allOnline();
  return { event: "dialled", count, dialledMs, onlineMs: performance.now() - startedAt };
}

function add(): void {
  const link = connect(settings.url, settings.options);
  links.push(link);
  if (!settings.countsDials) return;
  const count = { dials: 0, onlineAtMs: 0 };
  counts.push(count);
  link.on("status", ({ name }) => {
    if (name === "connecting") count.dials += 1;
    if (name === "online") count.onlineAtMs = performance.timeOrigin + performance.now();
    if (name === "waiting") count.onlineAtMs = 0;
  });
}

/** The link that is looked at first is the one that was not online before. */
async function allOnline(): Promise<void> {
  let cursor = 0;
  while (cursor < links.length) {
    const name = links[cursor]?.status.name;
    if (name === "ended") throw new Error(`link ${cursor} has ended`);
    if (name === "online") cursor += 1;
    else await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function weigh(): Promise<object> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("`gc` needs --expose-gc");
  gc();
  await turn();
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return {
    event: "weighed",
    heapBytes: heapUsed,
    externalBytes: external,
    timers: await timersMost(),
  };
}

/**
 * What Node holds of timers, at most, over a few turns: between the ringing of one and the setting
 * of the next there is none.
 */
async function timersMost(): Promise<number> {
  let most = 0;
  for (let look = 0; look < TIMER_LOOKS; look++) {
    const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout");
    most = Math.max(most, timers.length);
    await turn();
  }
  return most;
}

function forget(): void {
  for (const count of counts) {
    count.dials = 0;
    count.onlineAtMs = 0;
  }
  say({ event: "forgotten" });
}

/** Every link has lost its connection since `forget` and has another one. */
async function returned(): Promise<object> {
  let cursor = 0;
  while (cursor < counts.length) {
    if ((counts[cursor]?.onlineAtMs ?? 0) > 0) cursor += 1;
    else await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return {
    event: "returned",
    dials: counts.map(({ dials }) => dials),
    lastOnlineAtMs: Math.max(...counts.map(({ onlineAtMs }) => onlineAtMs)),
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
