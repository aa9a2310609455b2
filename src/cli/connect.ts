/**
 * `holdfast connect`: a link at a terminal or in a pipeline.
 *
 * Lines typed are sent, messages are printed. When stdin is not a terminal, its end means "send
 * what was read, wait until it arrived, go"; at a terminal Ctrl-D and Ctrl-C mean "go".
 */
import { readFileSync } from "node:fs";
import { printable } from "../base/printable.ts";
import type { Observation } from "../base/observation.ts";
import type { Cancel } from "../base/time.ts";
import type { ConnectOptions } from "../client/options.ts";
import type { Link } from "../client/link.ts";
import type { LinkEndRecord } from "../client/status.ts";
import type { AdaptiveOptions } from "../liveness/adaptive-options.ts";
import { connect } from "../ops/connect.ts";
import { networkFile } from "../ops/network-file.ts";
import type { ConnectSettings } from "./connect-settings.ts";
import { ConnectView } from "./connect-view.ts";
import { onEndSignals } from "./end-signals.ts";
import { Outlet } from "./outlet.ts";
import { paintFor } from "./paint.ts";
import { sendLine, sendPipedLines } from "./piped-input.ts";
import { NO_STATUS_LINE, PromptLine, RewrittenLine, type StatusLine } from "./status-line.ts";
import { EXIT_DONE, EXIT_FAILED, SIGNAL_EXIT_CODES, type Surroundings } from "./surroundings.ts";
import { tlsClientOptions } from "./tls-settings.ts";
import { UsageError } from "./usage-error.ts";

/** Ends that were asked for here. */
const LOCAL_ENDS: ReadonlySet<string> = new Set(["CLOSED_HERE", "ABORTED"]);

export async function connectCommand(
  urls: readonly string[],
  settings: ConnectSettings,
  surroundings: Surroundings,
): Promise<number> {
  const options = connectOptions(settings, surroundings);
  const session = new ConnectSession(urls, options, settings, surroundings);
  return await session.run();
}

function connectOptions(settings: ConnectSettings, { env }: Surroundings): ConnectOptions {
  const { pong } = settings;
  return {
    heartbeat: {
      intervalMs: settings.intervalMs,
      adaptive: adaptiveOptions(settings),
      pong: pong === false ? "none" : undefined,
    },
    deadWithinMs: settings.deadWithinMs,
    timeoutMs: settings.timeoutMs,
    redial: { attemptsMax: settings.attemptsMax, giveUpAfterMs: settings.giveUpAfterMs },
    line: { ping: settings.ping, pong: pong === false ? undefined : pong },
    tls: tlsClientOptions(settings, env),
    token: tokenSource(settings.tokenFile, env["HOLDFAST_TOKEN"]),
    agent: "holdfast connect",
  };
}

function adaptiveOptions({ adaptive, memory }: ConnectSettings): AdaptiveOptions | undefined {
  if (adaptive === undefined || adaptive === false) {
    if (memory === undefined) return undefined;
    throw new UsageError(
      "--remember: expected --adaptive beside it, which is what there is to keep",
    );
  }
  return {
    intervalMsMin: adaptive.fromMs,
    intervalMsMax: adaptive.toMs,
    memory: memory === undefined ? undefined : networkFile(memory),
  };
}

/** A file is read again when the server refuses what was in it: tokens are renewed in place. */
function tokenSource(file: string | undefined, token: string | undefined): ConnectOptions["token"] {
  if (file === undefined) return token === "" ? undefined : token;
  const read = (): string => readFileSync(file, "utf8").trim();
  let first: string;
  try {
    first = read();
  } catch (cause) {
    const why = cause instanceof Error ? printable(cause.message) : "an unknown error";
    throw new UsageError(`--token-file: expected a file that can be read, got ${why}`, { cause });
  }
  if (first === "") throw new UsageError("--token-file: expected a token, got an empty file");
  return read;
}

class ConnectSession {
  readonly #surroundings: Surroundings;
  readonly #settings: ConnectSettings;
  readonly #stdout: Outlet;
  readonly #stderr: Outlet;
  readonly #link: Link;
  readonly #view: ConnectView;
  readonly #line: StatusLine;
  readonly #cancels: Cancel[] = [];
  /** A line was refused, or is not known to have arrived: a script must not see success. */
  #isIncomplete = false;
  #interrupts = 0;
  readonly #wasOnline: Promise<void>;
  #onOnline: () => void = () => {};
  #onCut: (exitCode: number) => void = () => {};

  constructor(
    urls: readonly string[],
    options: ConnectOptions,
    settings: ConnectSettings,
    surroundings: Surroundings,
  ) {
    this.#surroundings = surroundings;
    this.#settings = settings;
    this.#wasOnline = new Promise((resolve) => {
      this.#onOnline = resolve;
    });
    this.#stdout = new Outlet(surroundings.stdout, () => this.#leave());
    this.#stderr = new Outlet(surroundings.stderr, () => {});
    // What the link says before there is a view. The link is opened first, so that a wrong url or
    // option leaves no prompt behind.
    const early: Observation[] = [];
    let observe = (observation: Observation): void => void early.push(observation);
    this.#link = connect(urls, { ...options, observe: (observation) => observe(observation) });
    this.#line = this.#openLine();
    const outlets = { stdout: this.#stdout, stderr: this.#stderr, line: this.#line };
    const paint = paintFor(this.#stderr.isTerminal, surroundings.env);
    this.#view = new ConnectView(outlets, paint, surroundings.clock, settings);
    observe = (observation) => this.#view.showObservation(observation);
    for (const observation of early) observe(observation);
  }

  async run(): Promise<number> {
    const cut = new Promise<number>((resolve) => this.#listen(resolve));
    const printed = this.#printMessages();
    if (!(this.#line instanceof PromptLine)) void this.#sendPipedLines();
    const code = await Promise.race([cut, this.#ended(printed)]);
    for (const cancel of this.#cancels) cancel();
    this.#line.close();
    return code;
  }

  #openLine(): StatusLine {
    const { stdin, stderr } = this.#surroundings;
    if (this.#settings.json || !this.#stderr.isTerminal) return NO_STATUS_LINE;
    if (stdin.isTTY !== true) return new RewrittenLine(this.#stderr);
    return new PromptLine(stdin, stderr, {
      onLine: (text) => this.#send(text),
      onEnd: () => this.#leave(),
      onInterrupt: () => this.#interrupt(SIGNAL_EXIT_CODES.SIGINT),
    });
  }

  #listen(onCut: (exitCode: number) => void): void {
    this.#onCut = onCut;
    this.#cancels.push(onEndSignals(this.#surroundings, (exitCode) => this.#interrupt(exitCode)));
    const link = this.#link;
    link.on("status", (status) => {
      this.#view.showStatus(status);
      if (status.name === "online") this.#onOnline();
    });
    link.on("beat", (beat) => this.#view.showBeat(beat));
    link.on("interval", (change) => this.#view.showInterval(change));
    link.on("connectionEnd", (record) => this.#view.showConnectionEnd(record));
    link.on("undelivered", (undelivered) => {
      this.#isIncomplete = true;
      this.#view.showUndelivered(undelivered);
    });
  }

  /** Iterates, so that a slow reader of stdout slows the server down instead of filling memory. */
  async #printMessages(): Promise<void> {
    for await (const data of this.#link) {
      if (!this.#view.showMessage(data)) await this.#stdout.drained();
    }
  }

  async #sendPipedLines(): Promise<void> {
    await sendPipedLines(this.#surroundings.stdin, this.#link, (why) => this.#refused(why));
    // With nothing to send this is a way to ask whether the server is there: 0 is for yes.
    await this.#wasOnline;
    try {
      await this.#link.delivered();
    } catch {
      // What is lost was told by "undelivered", or is in the record of the end.
      this.#isIncomplete = true;
    }
    this.#leave();
  }

  #send(text: string): void {
    sendLine(this.#link, text, (why) => this.#refused(why));
  }

  #refused(why: string): void {
    this.#isIncomplete = true;
    this.#view.note("red", printable(why));
  }

  /** The first time: an orderly end. The second time: at once. */
  #interrupt(exitCode: number): void {
    if (this.#interrupts > 0) this.#onCut(exitCode);
    this.#interrupts += 1;
    this.#leave();
  }

  #leave(): void {
    void this.#link.close();
  }

  async #ended(printed: Promise<void>): Promise<number> {
    const record = await this.#link.ended;
    await printed;
    const code = this.#exitCode(record);
    this.#view.showEnd(record, code !== EXIT_DONE);
    await Promise.all([this.#stdout.flushed(), this.#stderr.flushed()]);
    return code;
  }

  #exitCode(record: LinkEndRecord): number {
    if (!LOCAL_ENDS.has(record.code)) return EXIT_FAILED;
    // At a terminal the person saw what was not sent, and may have sent it again.
    const isScript = this.#surroundings.stdin.isTTY !== true;
    return isScript && this.#isIncomplete ? EXIT_FAILED : EXIT_DONE;
  }
}
