/**
 * Brokers with heartbeats of their own: mosquitto (MQTT) and nats-server.
 *
 * They are run as they are by default, but for what would refuse connections or drop messages.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command, Contender, Missing } from "./contender.ts";
import type { Found } from "./places.ts";
import { findProgram, versionOf } from "./programs.ts";

/** Above the limit of open files, so that this limit is never the one that counts. */
const NATS_CONNECTIONS_MAX = 65_536;

interface Broker {
  readonly id: string;
  readonly versionFlag: string;
  readonly make: (file: string, version: string) => Contender;
}

const BROKERS: readonly Broker[] = [
  { id: "mosquitto", versionFlag: "-h", make: mosquittoContender },
  { id: "nats-server", versionFlag: "-v", make: natsContender },
];

export async function findBrokers(): Promise<Found> {
  const contenders: Contender[] = [];
  const missing: Missing[] = [];
  for (const { id, versionFlag, make } of BROKERS) {
    const file = findProgram(id);
    const version = file === undefined ? undefined : await versionOf(file, [versionFlag]);
    if (file !== undefined && version !== undefined) contenders.push(make(file, version));
    else missing.push({ id, title: id, why: `no ${id}: \`apt-get install ${id}\` brings it` });
  }
  return { contenders, missing };
}

export function mosquittoContender(file: string, version: string): Contender {
  return {
    id: "mosquitto",
    title: `mosquitto ${version}`,
    group: "peer",
    protocol: "mqtt",
    readiness: "connects",
    variants: ["answering"],
    hasMessages: true,
    // Its queue of newcomers cannot be configured. A few fewer than it holds are opening at a time.
    handshakesMax: 64,
    note:
      "Its beats are PINGREQ, its messages are published at QoS 0. It lets the kernel queue only " +
      "a hundred newcomers, so 64 are opening at a time in its storm, and 512 in all others.",
    version,
    command: (_, port, folder) => mosquittoCommand(file, port, folder),
  };
}

export function natsContender(file: string, version: string): Contender {
  return {
    id: "nats-server",
    title: `nats-server ${version}`,
    group: "peer",
    protocol: "nats",
    readiness: "connects",
    variants: ["answering"],
    hasMessages: true,
    version,
    command: (_, port, folder) => natsCommand(file, port, folder),
  };
}

function mosquittoCommand(file: string, port: number, folder: string): Command {
  const config = join(folder, "mosquitto.conf");
  const lines = [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "persistence false",
    // What it warns of is a fault of the run, and belongs to stderr.
    "log_dest stderr",
    "log_type error",
    "max_connections -1",
    // 0 is no limit: a broadcast must reach all, or the next one never begins.
    "max_queued_messages 0",
    "max_queued_bytes 0",
    "max_inflight_messages 0",
    "set_tcp_nodelay true",
    // As root it would become a user who cannot read this folder.
    ...(process.getuid?.() === 0 ? ["user root"] : []),
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  return { file, args: ["-c", config] };
}

function natsCommand(file: string, port: number, folder: string): Command {
  const config = join(folder, "nats.conf");
  writeFileSync(
    config,
    `max_connections: ${NATS_CONNECTIONS_MAX}\nlog_file: "${folder}/nats.log"\n`,
  );
  return { file, args: ["-c", config, "-a", "127.0.0.1", "-p", String(port)] };
}
