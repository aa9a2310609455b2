/**
 * What `holdfast probe` shows while it runs: a table that grows on stderr, above a line that is
 * rewritten. The report goes to stdout, so that it can be piped.
 *
 * With --json everything goes to stdout, one object per line, and the report is the last of them.
 */
import type { Clock } from "../base/time.ts";
import { printable } from "../base/printable.ts";
import type { Bracket } from "../ops/probe/bracket.ts";
import type { ProbeEvent } from "../ops/probe/events.ts";
import type { ProbeReport } from "../ops/probe/report.ts";
import { isDeath, type Outcome, type Sample } from "../ops/probe/sample.ts";
import { jsonLine } from "./json-line.ts";
import type { Outlet } from "./outlet.ts";
import type { Colour, Paint } from "./paint.ts";
import { reportLines, sampleLine, sayBracket, sayProgress } from "./probe-lines.ts";
import { sayDuration } from "./duration.ts";
import type { StatusLine } from "./status-line.ts";

export class ProbeView {
  readonly #stdout: Outlet;
  readonly #stderr: Outlet;
  readonly #line: StatusLine;
  readonly #paint: Paint;
  readonly #clock: Clock;
  readonly #isJson: boolean;
  #plannedCount = 0;
  #longestMs = 0;
  /** The last verdict that was shown, by the id of its connection. */
  readonly #shown = new Map<number, Outcome>();
  #askedCount = 0;
  #bracket: Bracket | undefined;

  constructor(
    outlets: { readonly stdout: Outlet; readonly stderr: Outlet; readonly line: StatusLine },
    paint: Paint,
    clock: Clock,
    isJson: boolean,
  ) {
    this.#stdout = outlets.stdout;
    this.#stderr = outlets.stderr;
    this.#line = outlets.line;
    this.#paint = paint;
    this.#clock = clock;
    this.#isJson = isJson;
  }

  show(event: ProbeEvent): void {
    if (event.event === "plan") {
      this.#plannedCount = event.idleTimesMs.length;
      this.#longestMs = event.idleTimesMs.at(-1) ?? 0;
    }
    if (this.#isJson) return this.#object(event);
    switch (event.event) {
      case "plan": {
        const [first = 0] = event.idleTimesMs;
        const longest = sayDuration(this.#longestMs);
        const range = first === this.#longestMs ? longest : `${sayDuration(first)} to ${longest}`;
        return this.#note("dim", `${this.#plannedCount} connections, idle for ${range}`);
      }
      case "opened":
        return this.#line.show(this.#paint("dim", `${event.count} of ${event.of} open`));
      case "sample":
        return this.#showSample(event.sample);
      case "bracket":
        this.#bracket = event.bracket;
        return this.#showProgress();
      case "outage":
        if (event.isOver) return this.#note("green", "the server is there again");
        return this.#note("red", "the server or the whole path is away; samples are discarded");
      case "warning":
        return this.#note("yellow", printable(event.text));
      default:
        event satisfies never;
    }
  }

  showReport(report: ProbeReport): void {
    this.#line.close();
    if (this.#isJson) return this.#object({ event: "report", ...report });
    for (const line of reportLines(report)) this.#stdout.line(line);
  }

  #showSample(sample: Sample): void {
    const { id, group, outcome } = sample;
    const was = this.#shown.get(id);
    if (was === outcome) return; // A silent one that was watched for longer, and stayed silent.
    if (was === undefined && group === "plain") this.#askedCount += 1;
    this.#shown.set(id, outcome);
    const colour = isDeath(sample) ? "red" : outcome === "discarded" ? "yellow" : "green";
    this.#note(colour, sampleLine(sample));
    this.#showProgress();
  }

  #showProgress(): void {
    this.#line.show(sayProgress(this.#bracket, this.#askedCount, this.#plannedCount));
  }

  #note(colour: Colour, text: string): void {
    this.#line.above(() => this.#stderr.line(this.#paint(colour, text)));
  }

  #object(fields: Readonly<Record<string, unknown>>): void {
    const time = new Date(this.#clock.wallNow()).toISOString();
    const { event, ...rest } = fields;
    const bracket = "bracket" in rest ? { sentence: this.#sentence(rest["bracket"]) } : {};
    this.#stdout.line(jsonLine({ time, event, ...rest, ...bracket }));
  }

  /** The bracket in words, beside its numbers. */
  #sentence(bracket: unknown): string {
    return sayBracket(bracket as Bracket, this.#longestMs);
  }
}
