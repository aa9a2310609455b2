/**
 * What an application sees of a link on a page: where it stands, what it tells, and what is sent
 * over it. What follows which is in page-keeper.ts.
 */
import { type ErrorCode, HoldfastError } from "../base/errors.ts";
import type { Observation } from "../base/observation.ts";
import type { LinkCause, LinkEndRecord, LinkStatus } from "../client/status.ts";
import type { Beat, Message } from "../connection/effects.ts";
import type { Extras, LinesOfDoor, PagePace } from "./extras.ts";
import { utf8 } from "./frames.ts";
import { Outbox } from "./outbox.ts";
import type { PageConfig } from "./page-options.ts";
import type { PagePlatform } from "./page-platform.ts";
import { isLocal, type PageTarget } from "./page-url.ts";
import { Readers } from "./readers.ts";
import { Steps } from "./steps.ts";
import { linkSentence } from "./words.ts";

export abstract class PageFace extends Steps {
  readonly platform: PagePlatform;
  readonly config: PageConfig;
  readonly outbox: Outbox;
  readonly pace: PagePace | undefined;
  readonly ended: Promise<LinkEndRecord>;
  status: LinkStatus;
  protected readonly readers: Readers;
  /** Where one of the urls is for lines: whatever is sent has to be one. */
  protected readonly lines: LinesOfDoor | undefined;
  /** What the last server said it takes; unknown before the first one did. */
  protected messageBytesMax: number = Infinity;
  protected attempts = 0;
  protected connections = 0;
  protected lastCause: LinkCause | undefined;
  readonly #startedAtWallMs: number;
  #hasToldOfToken = false;
  #settle: (record: LinkEndRecord) => void = () => {};

  constructor(
    platform: PagePlatform,
    config: PageConfig,
    { adapting, lines }: Extras,
    speaksLines: boolean,
    url: string,
  ) {
    super(platform.clock, config.stallToleranceMs, platform.report);
    this.platform = platform;
    this.config = config;
    this.lines = speaksLines ? lines : undefined;
    const { adaptive } = config.heartbeat;
    this.pace =
      adaptive && adapting
        ? adapting.paceOf(adaptive, config.timeoutMs, platform, (text) => this.warn(text))
        : undefined;
    this.outbox = new Outbox(config);
    this.readers = new Readers(config.inboxBytesMax, () => this.step(() => {}));
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.status = { name: "connecting", attempt: 1, url };
    this.#startedAtWallMs = platform.clock.wallNow();
  }

  get intervalMs(): number | undefined {
    return this.pace?.intervalMs;
  }

  protected abstract readonly isClosed: boolean;
  abstract close(reason?: string): Promise<LinkEndRecord>;

  send(data: Message): boolean {
    const isText = typeof data === "string";
    if (this.isClosed) {
      const { status } = this;
      const is = status.name === "ended" ? `has ended (${status.record.code})` : "is closing";
      throw new HoldfastError("NOT_OPEN", `send: the link ${is}`);
    }
    if (!isText && !(data instanceof Uint8Array)) {
      const text = `send: expected a string or a Uint8Array`;
      throw new HoldfastError("OPTION_INVALID", text);
    }
    const why = this.lines?.whyNoLine(data, this.config.line);
    if (why !== undefined) throw new HoldfastError("MESSAGE_NOT_A_LINE", `send: ${why}`);
    const body = isText ? utf8(data) : data.slice();
    if (body.length > this.messageBytesMax) {
      const most = `the server takes ${this.messageBytesMax}`;
      const text = `send: the message has ${body.length} bytes, and ${most}`;
      throw new HoldfastError("MESSAGE_TOO_LONG", text);
    }
    const hasRoom = this.outbox.push(isText ? data : body, body);
    this.step(() => {});
    return hasRoom;
  }

  delivered(): Promise<void> {
    return this.outbox.delivered();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined, undefined> {
    return this.readers.iterate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  onMessage(data: Message): void {
    this.emit("message", data);
    this.readers.push(data);
  }

  onBeat(beat: Beat): void {
    this.emit("beat", beat);
    this.tellInterval();
  }

  protected lose(messages: readonly Message[], code: ErrorCode, sentence: string): void {
    if (messages.length === 0) return;
    this.outbox.fail(messages.length, code, sentence);
    this.emit("undelivered", { messages, code, sentence });
  }

  protected tell(status: LinkStatus): void {
    this.status = status;
    this.emit("status", status);
  }

  /** The last that is told. */
  protected tellEnd(code: ErrorCode, reason: string): void {
    const { attempts, connections, lastCause } = this;
    const sentence = linkSentence(code, reason, attempts, lastCause);
    const undelivered = this.outbox.empty();
    this.lose(undelivered, code, sentence);
    const startedAtWallMs = this.#startedAtWallMs;
    const endedAtWallMs = this.platform.clock.wallNow();
    const counts = { attempts, connections, lastCause, startedAtWallMs, endedAtWallMs };
    const record = { code, sentence, undelivered, ...counts };
    this.tell({ name: "ended", record });
    this.emit("end", record);
    this.afterwards(() => {
      this.readers.end();
      this.#settle(record);
    });
  }

  protected tellInterval(): void {
    const change = this.pace?.takeChange();
    if (change !== undefined) this.emit("interval", change);
  }

  protected tellOfToken(target: PageTarget): void {
    if (this.#hasToldOfToken || target.secure || target.isLine || isLocal(target)) return;
    this.#hasToldOfToken = true;
    this.warn(`the token travels to ${target.label} as plain text: others on the path can read it`);
  }

  protected warn(text: string): void {
    this.observe({ what: "warning", text });
  }

  protected observe(observation: Observation): void {
    try {
      this.config.observe?.(observation);
    } catch (error) {
      this.platform.report(error);
    }
  }
}
