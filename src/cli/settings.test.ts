import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CONNECT_SETTINGS } from "./connect-settings.ts";
import { SERVE_SETTINGS, type ServeSettings } from "./serve-settings.ts";
import {
  inTermsOfFlags,
  readConfigFile,
  resolveSettings,
  type SettingSources,
  type SettingsTable,
} from "./settings.ts";
import { UsageError } from "./usage-error.ts";

const NOTHING: SettingSources = { flags: new Map(), env: {}, file: undefined };

function serve(sources: Partial<SettingSources>): ServeSettings {
  return resolveSettings(SERVE_SETTINGS, { ...NOTHING, ...sources });
}

function file(values: Readonly<Record<string, unknown>>): SettingSources["file"] {
  return { name: "h.json", values };
}

test("flags beat the environment, which beats the config file, which beats the default", () => {
  const flags = new Map([["timeout", ["1s"]]]);
  const env = { HOLDFAST_TIMEOUT: "2s" };
  const config = file({ timeout: "3s" });
  expect(serve({ flags, env, file: config }).timeoutMs).toBe(1_000);
  expect(serve({ env, file: config }).timeoutMs).toBe(2_000);
  expect(serve({ file: config }).timeoutMs).toBe(3_000);
  expect(serve({}).timeoutMs).toBeUndefined();
  expect(serve({}).listen).toEqual(["tcp://[::]:8080"]);
});

test("a number of processes is from 1 to 256, or as many as there are cores", () => {
  const asked = (text: string): ServeSettings["workers"] =>
    serve({ flags: new Map([["workers", [text]]]) }).workers;
  expect(asked("6")).toBe(6);
  expect(asked("auto")).toBe("auto");
  expect(serve({ file: file({ workers: 4 }) }).workers).toBe(4);
  for (const odd of ["0", "257", "-1", "1.5", "all"]) {
    expect(() => asked(odd)).toThrow("--workers: expected a number of processes from 1 to 256");
  }
});

test("a whole config is read, in JSON's own types", () => {
  const values = {
    listen: ["tcp://[::]:1", "unix:/run/x"],
    accept: ["frame"],
    leaseMax: "10m",
    echo: true,
    pong: false,
    messageMax: "2MiB",
    maxConnections: 7,
    maxPerAddress: false,
    keepalive: "30s,5s,3",
    userTimeout: false,
    engine: "public",
  };
  expect(serve({ file: file(values) })).toMatchObject({
    listen: ["tcp://[::]:1", "unix:/run/x"],
    accept: ["frame"],
    leaseMsMax: 600_000,
    echo: true,
    pong: false,
    messageBytesMax: 2_097_152,
    maxConnections: 7,
    maxPerAddress: false,
    keepalive: { idleMs: 30_000, intervalMs: 5_000, count: 3 },
    userTimeoutMs: false,
    engine: "public",
    json: false,
  });
});

test("the environment holds lists with blanks or commas, and switches as words", () => {
  const env = {
    HOLDFAST_LISTEN: "tcp://[::]:1, tcp://[::]:2 tcp://[::]:3",
    HOLDFAST_ACCEPT: "line",
    HOLDFAST_ECHO: "yes",
    HOLDFAST_JSON: "off",
    HOLDFAST_KEEPALIVE: "off",
    HOLDFAST_PONG: "none",
    HOLDFAST_TIMEOUT: "",
  };
  expect(serve({ env })).toMatchObject({
    listen: ["tcp://[::]:1", "tcp://[::]:2", "tcp://[::]:3"],
    accept: ["line"],
    echo: true,
    json: false,
    keepalive: false,
    pong: false,
    timeoutMs: undefined,
  });
});

test("variables that mean nothing here are left alone", () => {
  const env = { HOLDFAST_PORT: "tcp://10.0.0.1:8080", HOLDFAST_SERVICE_HOST: "10.0.0.1" };
  expect(serve({ env })).toEqual(serve({}));
});

test.each<[Partial<SettingSources>, string]>([
  [
    { flags: new Map([["timeout", ["30"]]]) },
    '--timeout: expected a duration such as .*, got "30"',
  ],
  [
    { env: { HOLDFAST_MAX_CONNECTIONS: "many" } },
    "HOLDFAST_MAX_CONNECTIONS: .* whole number.*many",
  ],
  [{ file: file({ timeout: 30 }) }, 'h.json: "timeout": expected a duration such as .*, got 30'],
  [
    { file: file({ timeOut: "30s" }) },
    'h.json: "timeOut" is not a setting; expected one of listen',
  ],
  [{ file: file(JSON.parse('{"__proto__":1}') as Record<string, unknown>) }, '"__proto__" is not'],
  [{ file: file({ echo: "yes" }) }, '"echo": expected true or false, got "yes"'],
  [
    { flags: new Map([["accept", ["line,lines"]]]) },
    "--accept: expected one or more of line, frame",
  ],
  [{ flags: new Map([["listen", ["8080"]]]) }, "--listen: expected a url such as tcp://"],
  [{ flags: new Map([["keepalive", ["60s,10s"]]]) }, "--keepalive: .* such as 60s,10s,5, or off"],
  [{ flags: new Map([["engine", ["fast"]]]) }, "--engine: expected one of auto, public, shared"],
  [{ flags: new Map([["timeout", ["\u009b2J"]]]) }, 'got "\\\\x9b2J"'],
])("a wrong value is refused by name: %j", (sources, sentence) => {
  expect(() => serve(sources)).toThrow(UsageError);
  expect(() => serve(sources)).toThrow(new RegExp(sentence));
});

test("a config file that cannot be read, is not JSON or not an object is named", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-settings-"));
  try {
    const name = join(folder, "h.json");
    expect(() => readConfigFile(name)).toThrow(
      /--config: expected a file that can be read.*h\.json/,
    );
    writeFileSync(name, '{"timeout": }');
    expect(() => readConfigFile(name)).toThrow(/h\.json: expected JSON/);
    writeFileSync(name, "[1]");
    expect(() => readConfigFile(name)).toThrow(
      /h\.json: expected a JSON object of settings, got \[1\]/,
    );
    writeFileSync(name, '{"timeout": "5s"}');
    expect(readConfigFile(name).values).toEqual({ timeout: "5s" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("complaints of the library name flags and speak in their units", () => {
  const tell = (sentence: string): string =>
    inTermsOfFlags(sentence, CONNECT_SETTINGS as SettingsTable<never>);
  expect(tell("heartbeat: `intervalMs` must be a whole number from 50 to 86400000, got 10")).toBe(
    "--interval must be a duration from 50ms to 24h, got 10ms",
  );
  expect(
    tell("`heartbeat.intervalMs` 45000 is over half of `timeoutMs` 60000: every 30000 ms"),
  ).toBe("--interval 45s is over half of --timeout 1m: every 30s");
  expect(tell("redial: `attemptsMax` must be a whole number from 1 to 1000000, got 0")).toBe(
    "--retries must be a whole number from 1 to 1000000, got 0",
  );
  expect(
    inTermsOfFlags(
      "listen.keepalive: `count` must be a whole number from 1 to 127, got 900",
      SERVE_SETTINGS as SettingsTable<never>,
    ),
  ).toBe("--keepalive: `count` must be a whole number from 1 to 127, got 900");
  expect(tell("connect: `drainTimeoutMs` must be 5")).toBe("connect: `drainTimeoutMs` must be 5");
});
