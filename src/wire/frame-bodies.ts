/**
 * The JSON bodies: HELLO, WELCOME and GOAWAY.
 *
 * Written and read field by field, so that nothing travels that is not listed here. Durations are
 * taken as they come: who uses one clamps it. HELLO and GOAWAY look the same in all versions of the
 * protocol: fields may be added, none may change.
 */
import { assert } from "../base/assert.ts";
import { utf8 } from "../base/bytes.ts";
import { wireFault } from "./fault.ts";
import type { GoAway, Hello, PreviousReport, Welcome, WireFault } from "./frame.ts";
import { FAREWELL_BODY_BYTES_MAX, HANDSHAKE_BODY_BYTES_MAX } from "./frame-types.ts";
import { JsonFields } from "./json-fields.ts";
import { wellFormed } from "./utf8-text.ts";

/** Ids, secrets and names: they are held as long as the connection, so they are short. */
const NAME_CHARACTERS_MAX = 256;
const TOKEN_CHARACTERS_MAX: number = 8 * 1024;
/** What fits into the body anyway. */
const REASON_CHARACTERS_MAX: number = FAREWELL_BODY_BYTES_MAX;
const URL_CHARACTERS_MAX = 1024;
const CODE_CHARACTERS_MAX = 64;

export function encodeHello(hello: Hello): Uint8Array {
  const { agent, token, intervalMsMin, intervalMsMax, nextMs, messageBytesMax, session } = hello;
  const previous = hello.previous && { id: hello.previous.id, secret: hello.previous.secret };
  const body = json({
    agent,
    token,
    intervalMsMin,
    intervalMsMax,
    nextMs,
    messageBytesMax,
    previous,
    session,
  });
  assert(body.length <= HANDSHAKE_BODY_BYTES_MAX, "HELLO fits into its frame");
  return body;
}

export function decodeHello(body: Uint8Array): Hello | WireFault {
  const fields = JsonFields.parse(body);
  if (typeof fields === "string") return wireFault("HELLO_INVALID", `HELLO: ${fields}`);
  const token = fields.optionalText("token", TOKEN_CHARACTERS_MAX);
  const session = fields.optionalText("session", NAME_CHARACTERS_MAX);
  const group = fields.optionalGroup("previous");
  const previous = group && {
    id: group.text("id", NAME_CHARACTERS_MAX),
    secret: group.text("secret", NAME_CHARACTERS_MAX),
  };
  const hello: Hello = {
    agent: fields.text("agent", NAME_CHARACTERS_MAX),
    ...(token === undefined ? {} : { token }),
    intervalMsMin: fields.whole("intervalMsMin", 0),
    intervalMsMax: fields.whole("intervalMsMax", 0),
    nextMs: fields.whole("nextMs", 0),
    messageBytesMax: fields.whole("messageBytesMax", 1),
    ...(previous === undefined ? {} : { previous }),
    ...(session === undefined ? {} : { session }),
  };
  const { intervalMsMin, intervalMsMax } = hello;
  fields.requireOrder("intervalMsMin", intervalMsMin, "intervalMsMax", intervalMsMax);
  if (fields.problem === undefined) return hello;
  return wireFault("HELLO_INVALID", `HELLO: ${fields.problem}`);
}

export function encodeWelcome(welcome: Welcome): Uint8Array {
  const body = json({
    id: welcome.id,
    secret: welcome.secret,
    epoch: welcome.epoch,
    leaseMsMin: welcome.leaseMsMin,
    leaseMsMax: welcome.leaseMsMax,
    timeoutMs: welcome.timeoutMs,
    pingIntervalMsMin: welcome.pingIntervalMsMin,
    messageBytesMax: welcome.messageBytesMax,
    nextMs: welcome.nextMs,
    reconnectWindowMs: welcome.reconnectWindowMs,
    networkKey: welcome.networkKey,
    previous: welcome.previous && {
      state: welcome.previous.state,
      lastPingSeq: welcome.previous.lastPingSeq,
      lastHeardMsAgo: welcome.previous.lastHeardMsAgo,
      code: welcome.previous.code,
    },
  });
  assert(body.length <= HANDSHAKE_BODY_BYTES_MAX, "WELCOME fits into its frame");
  return body;
}

export function decodeWelcome(body: Uint8Array): Welcome | WireFault {
  const fields = JsonFields.parse(body);
  if (typeof fields === "string") return wireFault("HELLO_INVALID", `WELCOME: ${fields}`);
  const networkKey = fields.optionalText("networkKey", NAME_CHARACTERS_MAX);
  const group = fields.optionalGroup("previous");
  const welcome: Welcome = {
    id: fields.text("id", NAME_CHARACTERS_MAX),
    secret: fields.text("secret", NAME_CHARACTERS_MAX),
    epoch: fields.text("epoch", NAME_CHARACTERS_MAX),
    leaseMsMin: fields.whole("leaseMsMin", 0),
    leaseMsMax: fields.whole("leaseMsMax", 1),
    timeoutMs: fields.whole("timeoutMs", 1),
    pingIntervalMsMin: fields.whole("pingIntervalMsMin", 0),
    messageBytesMax: fields.whole("messageBytesMax", 1),
    nextMs: fields.whole("nextMs", 0),
    reconnectWindowMs: fields.whole("reconnectWindowMs", 0),
    ...(networkKey === undefined ? {} : { networkKey }),
    ...(group === undefined ? {} : { previous: previousReport(group) }),
  };
  fields.requireOrder("leaseMsMin", welcome.leaseMsMin, "leaseMsMax", welcome.leaseMsMax);
  if (fields.problem === undefined) return welcome;
  return wireFault("HELLO_INVALID", `WELCOME: ${fields.problem}`);
}

function previousReport(fields: JsonFields): PreviousReport {
  const lastHeardMsAgo = fields.optionalWhole("lastHeardMsAgo", 0);
  const code = fields.optionalText("code", CODE_CHARACTERS_MAX);
  return {
    state: fields.oneOf("state", ["unknown", "open", "ended"]),
    lastPingSeq: fields.whole("lastPingSeq", 0),
    ...(lastHeardMsAgo === undefined ? {} : { lastHeardMsAgo }),
    ...(code === undefined ? {} : { code }),
  };
}

/** A reason that is too long is cut, since a farewell must not fail for its courtesy. */
export function encodeGoAway(goaway: GoAway): Uint8Array {
  const { retry, afterMs, spreadMs, url } = goaway;
  for (let reason = goaway.reason; ; reason = reason.slice(0, reason.length >> 1)) {
    const body = json({ reason, retry, afterMs, spreadMs, url });
    if (body.length <= FAREWELL_BODY_BYTES_MAX) return body;
    assert(reason !== "", "GOAWAY fits into its frame");
  }
}

export function decodeGoAway(body: Uint8Array): GoAway | WireFault {
  const fields = JsonFields.parse(body);
  if (typeof fields === "string") return wireFault("FRAME_INVALID", `GOAWAY: ${fields}`);
  const url = fields.optionalText("url", URL_CHARACTERS_MAX);
  const goaway: GoAway = {
    reason: fields.text("reason", REASON_CHARACTERS_MAX),
    retry: fields.oneOf("retry", ["now", "after", "never"]),
    afterMs: fields.whole("afterMs", 0),
    spreadMs: fields.whole("spreadMs", 0),
    ...(url === undefined ? {} : { url }),
  };
  if (fields.problem === undefined) return goaway;
  return wireFault("FRAME_INVALID", `GOAWAY: ${fields.problem}`);
}

function json(fields: Readonly<Record<string, unknown>>): Uint8Array {
  return utf8(JSON.stringify(fields, wellFormedOnly));
}

/** JSON would carry half a surrogate pair as an escape, and the receiver would refuse it. */
function wellFormedOnly(_key: string, value: unknown): unknown {
  return typeof value === "string" ? wellFormed(value) : value;
}
