/**
 * What `holdfast connect` shows: messages on stdout, the state of the link on stderr.
 *
 * With --json everything that the link tells goes to stdout, one object per line, and stderr has
 * only what was refused here. Without it stdout carries messages only, so that it can be piped;
 * they are raw there unless stdout is a terminal.
 */
import type { Observation } from "../base/observation.ts";
import { printable } from "../base/printable.ts";
import type { Cancel, Clock, Instant } from "../base/time.ts";
import { later } from "../base/time.ts";
import type { IntervalChange } from "../client/link-pace.ts";
import type { LinkEndRecord, LinkStatus, Undelivered } from "../client/status.ts";
import type { Beat, Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import { hintInTermsOfFlags } from "./connect-hints.ts";
import { sayDuration } from "./duration.ts";
import { jsonLine } from "./json-line.ts";
import type { Outlet } from "./outlet.ts";
import type { Colour, Paint } from "./paint.ts";
import { messageFields, messageText, recordFields, sayBeat } from "./report-lines.ts";
import type { StatusLine } from "./status-line.ts";

export interface ConnectViewOptions {
  readonly json: boolean;
  readonly verbose: boolean;
}

/** The longest text that a reader at a terminal is shown of one message. */
export const TERMINAL_CHARACTERS_MAX = 500;

export class ConnectView {
  readonly #stdout: Outlet;
  readonly #stderr: Outlet;
  readonly #line: StatusLine;
  readonly #paint: Paint;
  readonly #clock: Clock;
  readonly #options: ConnectViewOptions;
  #stopCountdown: Cancel | undefined;
  #answered = 0;

  constructor(
    outlets: { readonly stdout: Outlet; readonly stderr: Outlet; readonly line: StatusLine },
    paint: Paint,
    clock: Clock,
    options: ConnectViewOptions,
  ) {
    this.#stdout = outlets.stdout;
    this.#stderr = outlets.stderr;
    this.#line = outlets.line;
    this.#paint = paint;
    this.#clock = clock;
    this.#options = options;
  }

  showStatus(status: LinkStatus): void {
    this.#stopCountdown?.();
    this.#stopCountdown = undefined;
    if (this.#options.json) return this.#object("status", statusFields(status));
    switch (status.name) {
      case "connecting": {
        this.#line.show("");
        const attempt = status.attempt > 1 ? `, attempt ${status.attempt}` : "";
        return this.note("dim", `connecting to ${status.url}${attempt}`);
      }
      case "online":
        this.#line.show(this.#paint("green", "online"));
        return this.note("green", `online: ${status.url}`);
      case "suspect":
        this.#line.show(this.#paint("yellow", "suspect"));
        return this.note("yellow", "suspect: no sign of life in time; the server is being asked");
      case "waiting": {
        const why = hintInTermsOfFlags(withHint(status.cause.sentence, status.cause.hint));
        const wait = sayDuration(status.delayMs);
        this.note("yellow", `${why}; attempt ${status.attempt} in ${wait}`);
        return this.#countDown(status.retryAt);
      }
      case "ended":
        return;
      default:
        status satisfies never;
    }
  }

  /** Returns false when stdout would rather have a pause. */
  showMessage(data: Message): boolean {
    let takesMore = true;
    this.#line.above(() => {
      if (this.#options.json) {
        const charactersMax = this.#stdout.isTerminal
          ? TERMINAL_CHARACTERS_MAX
          : Number.POSITIVE_INFINITY;
        takesMore = this.#stdout.write(this.#json("message", messageFields(data, charactersMax)));
      } else if (this.#stdout.isTerminal) {
        takesMore = this.#stdout.write(`${messageText(data)}\n`);
      } else {
        this.#stdout.write(data);
        takesMore = this.#stdout.write("\n");
      }
    });
    return takesMore;
  }

  showBeat(beat: Beat): void {
    if (beat.of === "ours") this.#answered += 1;
    if (this.#options.json) {
      if (this.#options.verbose) this.#object("beat", { ...beat });
      return;
    }
    if (this.#options.verbose) this.note("dim", `beat ${sayBeat(beat)}`);
    if (beat.of === "ours") this.#line.show(this.#paint("dim", `beat ${sayBeat(beat)}`));
  }

  showInterval({ intervalMs, wasMs, taken }: IntervalChange): void {
    if (this.#options.json) return this.#object("interval", { intervalMs, wasMs, taken });
    if (!this.#options.verbose && taken === undefined) return;
    const why = taken === undefined ? "" : ` (the last end was taken for: ${taken})`;
    this.note("dim", `pings every ${sayDuration(intervalMs)}, was ${sayDuration(wasMs)}${why}`);
  }

  showConnectionEnd(record: EndRecord): void {
    if (this.#options.json) this.#object("connectionEnd", recordFields(record));
  }

  showUndelivered({ messages, code, sentence }: Undelivered): void {
    const count = messages.length;
    if (this.#options.json) return this.#object("undelivered", { count, code, sentence });
    const what = count === 1 ? "1 message is" : `${count} messages are`;
    this.note("red", `${what} not known to have arrived: ${hintInTermsOfFlags(sentence)}`);
  }

  showEnd(record: LinkEndRecord, isFailure: boolean): void {
    this.#stopCountdown?.();
    this.#line.close();
    if (this.#options.json) {
      const { undelivered, lastCause: _, ...rest } = record;
      return this.#object("end", { ...rest, undeliveredCount: undelivered.length });
    }
    const beats = this.#answered === 1 ? "1 beat" : `${this.#answered} beats`;
    const sentence = hintInTermsOfFlags(record.sentence);
    this.note(isFailure ? "red" : "dim", `ended: ${sentence} (${beats} answered)`);
  }

  showObservation(observation: Observation): void {
    if (observation.what !== "warning") return;
    if (this.#options.json) return this.#object("warning", { text: observation.text });
    this.note("yellow", hintInTermsOfFlags(printable(observation.text)));
  }

  /** A line for the person, above the live line. */
  note(colour: Colour, text: string): void {
    this.#line.above(() => this.#stderr.line(this.#paint(colour, text)));
  }

  #object(event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#stdout.write(this.#json(event, fields));
  }

  #json(event: string, fields: Readonly<Record<string, unknown>>): string {
    const time = new Date(this.#clock.wallNow()).toISOString();
    return `${jsonLine({ time, event, ...fields })}\n`;
  }

  /** Tells each second how long it still takes. */
  #countDown(retryAtWallMs: number): void {
    const leftMs = Math.max(0, retryAtWallMs - this.#clock.wallNow());
    const seconds = Math.ceil(leftMs / 1_000);
    this.#line.show(this.#paint("yellow", `next attempt in ${seconds} s`));
    if (seconds === 0) return;
    const wakeAt: Instant = later(this.#clock.now(), Math.max(50, leftMs - (seconds - 1) * 1_000));
    this.#stopCountdown = this.#clock.wakeAt(wakeAt, () => this.#countDown(retryAtWallMs));
  }
}

function statusFields(status: LinkStatus): Readonly<Record<string, unknown>> {
  switch (status.name) {
    case "connecting":
    case "online":
    case "suspect":
      return { ...status };
    case "waiting": {
      const { code, sentence, hint, url } = status.cause;
      return { ...status, cause: { code, sentence, hint, url } };
    }
    case "ended":
      return { name: status.name, code: status.record.code };
    default:
      return status satisfies never;
  }
}

function withHint(sentence: string, hint: string | undefined): string {
  return hint === undefined || sentence.includes(hint) ? sentence : `${sentence}; ${hint}`;
}
