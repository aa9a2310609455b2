/** The commands that there are: for the parser, for `--help`, and for docs/cli.md. */
import { connectCommand } from "./connect.ts";
import { hintInTermsOfFlags } from "./connect-hints.ts";
import { CONNECT_SETTINGS } from "./connect-settings.ts";
import { explainCommand } from "./explain.ts";
import { EXPLAIN_SETTINGS } from "./explain-settings.ts";
import { probeCommand } from "./probe.ts";
import { PROBE_SETTINGS } from "./probe-settings.ts";
import { serveCommand } from "./serve.ts";
import { SERVE_SETTINGS } from "./serve-settings.ts";
import {
  inTermsOfFlags,
  resolveSettings,
  type SettingSources,
  type SettingsTable,
} from "./settings.ts";
import { simulateCommand } from "./simulate.ts";
import { SIMULATE_SETTINGS } from "./simulate-settings.ts";
import type { Surroundings } from "./surroundings.ts";

export interface CommandSpec {
  readonly name: string;
  /** As the parser reads it: `<url...>`. Undefined for a command without operands. */
  readonly operands: string | undefined;
  readonly summary: string;
  readonly settings: SettingsTable<never>;
  /** Command lines that work, each with what it does. */
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  /** A complaint of the library, in words of this command line. */
  tell(sentence: string): string;
  /** Resolves with the exit code. */
  execute(
    operands: readonly string[],
    sources: SettingSources,
    surroundings: Surroundings,
  ): Promise<number>;
}

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "serve",
    operands: undefined,
    summary: "keep the connections of plain programs and of other Holdfasts alive",
    settings: SERVE_SETTINGS as SettingsTable<never>,
    examples: [
      ["holdfast serve --echo", "answers on port 8080: frames, plain lines and WebSockets"],
      ["holdfast serve --listen tcp://127.0.0.1:9000 --timeout 30s -v", "tells about every beat"],
      [
        "holdfast serve --listen tls://[::]:8443 --tls-cert cert.pem --tls-key key.pem",
        "speaks TLS; a renewed certificate is taken up by itself, or at once by kill -HUP PID",
      ],
      [
        "holdfast serve --listen tcp+tls://[::]:8080 --tls-cert cert.pem --tls-key key.pem",
        "plain peers and TLS on one port, WebSockets of both kinds included",
      ],
      [
        "holdfast serve --workers auto",
        "one process for each core, on one port; kill -HUP PID replaces them one after the other",
      ],
      ["kill -USR2 PID", "prints the table of connections, the longest silent first"],
    ],
    tell: complaintOfServe,
    execute: async (_, sources, surroundings) =>
      await serveCommand(resolveSettings(SERVE_SETTINGS, sources), surroundings),
  },
  {
    name: "connect",
    operands: "<url...>",
    summary: "hold one connection, and come back after every end",
    settings: CONNECT_SETTINGS as SettingsTable<never>,
    examples: [
      ["holdfast connect tcp://localhost:8080", "speaks frames with another Holdfast"],
      ["holdfast connect ws://localhost:8080", "speaks frames over a WebSocket"],
      ["holdfast connect line://localhost:8080 --no-pong", "to a program that never answers"],
      [
        "holdfast connect tls://localhost:8443 --tls-ca authority.pem",
        "over TLS, with an authority of one's own",
      ],
      ["echo hello | holdfast connect tcp://a:8080 tcp://b:8080", "sends, waits until it arrived"],
    ],
    tell: hintInTermsOfFlags,
    execute: async (urls, sources, surroundings) =>
      await connectCommand(urls, resolveSettings(CONNECT_SETTINGS, sources), surroundings),
  },
  {
    name: "probe",
    operands: "<url...>",
    summary: "find out how long the path to a server lets a connection be silent",
    settings: PROBE_SETTINGS as SettingsTable<never>,
    examples: [
      [
        "holdfast probe tcp://far.example:8080",
        "to holdfast serve --lease-max 20m --keepalive off",
      ],
      ["holdfast probe line://far.example:8080 --max 2m", "to any program that answers ping"],
      ["holdfast probe tcp://far.example:22 --expect none", "to any TCP server at all"],
    ],
    tell: complaintOfProbe,
    execute: async (urls, sources, surroundings) =>
      await probeCommand(urls, resolveSettings(PROBE_SETTINGS, sources), surroundings),
  },
  {
    name: "explain",
    operands: undefined,
    summary: "tell what intervals and timeouts mean: when a death is found, traffic, middleboxes",
    settings: EXPLAIN_SETTINGS as SettingsTable<never>,
    examples: [
      ["holdfast explain --interval 30s --timeout 60s", "two Holdfasts, and every way to die"],
      ["holdfast explain --dialect line --behind alb,nat", "a plain program behind two boxes"],
      ["holdfast explain --interval 4m --lease-max 10m --connections 10000", "for a large server"],
    ],
    tell: complaintOfExplain,
    execute: async (_, sources, surroundings) => {
      const settings = resolveSettings(EXPLAIN_SETTINGS, sources);
      return await explainCommand(settings, complaintOfExplain, surroundings);
    },
  },
  {
    name: "simulate",
    operands: undefined,
    summary: "put the product into a simulated world of faults, and judge it",
    settings: SIMULATE_SETTINGS as SettingsTable<never>,
    examples: [
      ["holdfast simulate --seed 7", "one world, drawn from the seed 7, and its report"],
      ["holdfast simulate --clients 1000 --hours 24", "a large one"],
      ["holdfast simulate --seeds 1..1000", "many, and whether everything occurred that can"],
      ["holdfast simulate --seed 7 --shrink", "if it breaks a promise: what is needed for that"],
      ["holdfast simulate --plan world.json", "a world that --shrink --json wrote"],
    ],
    tell: (sentence) => inTermsOfFlags(sentence, SIMULATE_SETTINGS as SettingsTable<never>),
    execute: async (_, sources, surroundings) =>
      await simulateCommand(resolveSettings(SIMULATE_SETTINGS, sources), surroundings),
  },
];

function complaintOfServe(sentence: string): string {
  if (sentence.startsWith("listen: `tls` is missing: ")) {
    return "--listen: a tls://, tcp+tls:// or wss:// url needs --tls-cert and --tls-key";
  }
  const told = inTermsOfFlags(sentence, SERVE_SETTINGS as SettingsTable<never>);
  return told.includes("to listen on") ? `--listen: ${told}` : told;
}

function complaintOfProbe(sentence: string): string {
  const told = sentence.replace('`expect: "none"`', "--expect none");
  return inTermsOfFlags(told, PROBE_SETTINGS as SettingsTable<never>);
}

function complaintOfExplain(sentence: string): string {
  return inTermsOfFlags(sentence, EXPLAIN_SETTINGS as SettingsTable<never>);
}
