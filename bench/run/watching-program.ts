/**
 * What it costs to watch very many connections: the deadlines of all of them behind one timer,
 * moved as beats of 30 s move them, and nothing else.
 *
 * It starts as a server is in its 31st minute: each slot beat within the last 30 s, and each block
 * of the table still believes in the deadline from before that beat. Otherwise nothing would be due
 * to be looked at for half a minute, and nothing would be measured.
 *
 * `control` runs the same loop without deadlines; it only notes who was heard, which any server
 * must. stdin: `measure SECONDS`; stdout: a line of JSON with the CPU time of the process.
 */
import type * as time from "../../src/base/time.ts";
import type * as driving from "../../src/driver/alarms.ts";
import type * as system from "../../src/driver/system.ts";
import type * as stalling from "../../src/liveness/stall-log.ts";

export interface WatchingSettings {
  /** File url of the built library. */
  readonly dist: string;
  readonly kind: "alarms" | "control";
  readonly slots: number;
}

/** What `holdfast serve` does by default. */
const BEAT_MS = 30_000;
const TIMEOUT_MS = 60_000;
const ALARMS = { tickMs: 25, watchMs: 1_000, stallToleranceMs: 1_000 };
/** How often the loop wakes up to do the beats that are due. */
const STEP_MS = 10;
/** A prime, so that neighbours in time are not neighbours in the table. */
const STRIDE = 7_919;

/** Somebody who is heard once in `BEAT_MS`. */
type Move = (index: number, now: number) => void;

const { dist, kind, slots } = JSON.parse(process.argv[2] ?? "{}") as WatchingSettings;
const move = kind === "alarms" ? await alarmsOf(slots) : control(slots);
const from = performance.now();
let done = 0;
setInterval(() => {
  const now = performance.now();
  const due = Math.floor(((now - from) / BEAT_MS) * slots);
  for (; done < due; done++) move((done * STRIDE) % slots, now);
}, STEP_MS);

process.stdin.setEncoding("utf8").on("data", (order: string) => {
  const seconds = Number(/^measure ([\d.]+)\n$/.exec(order)?.[1]);
  const before = process.cpuUsage();
  const beganAt = performance.now();
  const doneBefore = done;
  setTimeout(() => {
    const { user, system: inKernel } = process.cpuUsage(before);
    const passed = (performance.now() - beganAt) / 1000;
    tell({ seconds: passed, cpuSeconds: (user + inKernel) / 1e6, beats: done - doneBefore });
  }, seconds * 1000);
});
process.stdin.on("end", () => process.exit(0));
tell({ event: "ready" });

/** Slots are looked up here as there, so that the difference is the watching alone. */
function control(count: number): Move {
  const slotOf = Int32Array.from({ length: count }, (_, index) => index);
  const lastSeen = new Float64Array(count);
  return (index, now) => {
    lastSeen[slotOf[index] as number] = now;
  };
}

async function alarmsOf(count: number): Promise<Move> {
  const { Alarms } = await part<typeof driving>("driver/alarms.js");
  const { StallLog } = await part<typeof stalling>("liveness/stall-log.js");
  const { systemClock } = await part<typeof system>("driver/system.js");
  const at = (ms: number): time.Instant => ms as time.Instant;
  const ignore = (): void => {};
  const alarms = new Alarms(ALARMS, systemClock, new StallLog(ALARMS), {
    onStall: ignore,
    onPassEnd: ignore,
  });
  const everyone = {
    onAlarm: () => {
      process.stderr.write("a deadline was reached, though all beat in time\n");
      process.exit(1);
    },
  };
  // Every block is due to be looked at some time within the next 30 s, as it always is.
  const now = performance.now() + ALARMS.watchMs;
  const slotOf = Int32Array.from({ length: count }, (_, index) =>
    alarms.add(everyone, at(now + (index / count) * BEAT_MS)),
  );
  for (let beat = 0; beat < count; beat++) {
    const heardAt = now - BEAT_MS + (beat / count) * BEAT_MS;
    alarms.set(slotOf[(beat * STRIDE) % count] as number, at(heardAt + TIMEOUT_MS));
  }
  const when = new Float64Array(1);
  return (index, heardAt) => {
    when[0] = heardAt;
    alarms.postpone(slotOf[index] as number, when, TIMEOUT_MS);
  };
}

async function part<Module>(path: string): Promise<Module> {
  return (await import(new URL(path, dist).href)) as Module;
}

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
