/**
 * The life of a server that is written in JavaScript: it tells its port, obeys orders, and exits
 * when stdin ends (the `tells` contract of contender.ts).
 *
 * - `gc`: collects garbage twice, then says `{"event":"gc"}`.
 * - `hold MS`: says `{"event":"hold"}`, does nothing at all for so long, and then watches how late
 *   a timer of a millisecond rings. What arrived meanwhile is found all at once.
 * - `lateness`: ends that watch: `{"event":"lateness","latenessMs":N}`, the largest there was.
 *
 * stdout carries these lines and nothing else: whatever else is to be said goes to stderr.
 */
import { writeSync } from "node:fs";

const TICK_MS = 1;
const HOLD_MS_MAX = 10_000;

interface Said {
  readonly event: string;
  readonly port?: number;
  readonly latenessMs?: number;
}

/** Begins with the ready line, so call it when the server listens. */
export function beginLife(port: number): void {
  let rest = "";
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) obey(line.trim());
  });
  // Also after an error: whoever held the other end is gone.
  process.stdin.on("close", () => process.exit(0));
  process.stdin.on("end", () => process.exit(0));
  say({ event: "ready", port });
}

/** The end of a server that cannot serve. */
export function giveUp(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function obey(order: string): void {
  const [name = "", amount] = order.split(" ");
  switch (name) {
    case "gc":
      return collect();
    case "hold":
      return hold(Number(amount));
    case "lateness":
      return tellLateness();
    default:
      process.stderr.write(`this server knows no order "${order}"\n`);
  }
}

function collect(): void {
  const { gc } = globalThis;
  if (gc === undefined) giveUp("`gc` needs --expose-gc");
  gc();
  // The second one frees what the finalizers of the first one let go of.
  setImmediate(() => {
    gc();
    say({ event: "gc" });
  });
}

/** What the server is watched by, between `hold` and `lateness`. */
interface Watch {
  timer: ReturnType<typeof setTimeout> | undefined;
  dueAt: number;
  latenessMs: number;
}

const watch: Watch = { timer: undefined, dueAt: 0, latenessMs: 0 };

function hold(heldMs: number): void {
  if (!(heldMs > 0 && heldMs <= HOLD_MS_MAX)) giveUp(`cannot be held for ${heldMs} ms`);
  const until = performance.now() + heldMs;
  // Written before anything else happens: from this word on nothing is read.
  writeSync(process.stdout.fd, lineOf({ event: "hold" }));
  while (performance.now() < until); // As any long task would.
  watch.latenessMs = 0;
  awaitTick();
}

function awaitTick(): void {
  watch.dueAt = performance.now() + TICK_MS;
  watch.timer = setTimeout(() => {
    watch.latenessMs = Math.max(watch.latenessMs, performance.now() - watch.dueAt);
    awaitTick();
  }, TICK_MS);
}

function tellLateness(): void {
  clearTimeout(watch.timer);
  // A timer that is overdue by now counts, too.
  const overdueMs = performance.now() - watch.dueAt;
  say({ event: "lateness", latenessMs: Math.max(watch.latenessMs, overdueMs, 0) });
}

function say(said: Said): void {
  process.stdout.write(lineOf(said));
}

function lineOf(said: Said): string {
  return `${JSON.stringify(said)}\n`;
}
