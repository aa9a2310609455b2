/** Those who come to a port for everybody: each says a text, and hears it again. */
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { connect, type Link } from "../../src/index.ts";
import { within } from "../../src/testing/transport-recorder.ts";
import { AUTHORITY } from "../certificates/certificates.ts";
import type { Processes, Program } from "../support/processes.ts";
import { hasTool } from "../support/requires.ts";
import { eventually } from "../support/websocket-peer.ts";
import { textOf } from "./websocket-world.ts";

export interface Speaker {
  readonly name: string;
  /** Says a text, and resolves once it came back. */
  say(text: string): Promise<void>;
}

export interface SpeakingProgram extends Speaker {
  readonly program: Program;
}

export async function aLink(url: string): Promise<Speaker & { readonly link: Link }> {
  const link = connect(url, { tls: { ca: AUTHORITY }, closeTimeoutMs: 500 });
  onTestFinished(async () => void (await link.close()));
  const heard: unknown[] = [];
  link.on("message", (data) => void heard.push(data));
  const say = async (text: string): Promise<void> => {
    link.send(text);
    await eventually(`${url} echoes`, () => heard.includes(text));
  };
  await eventually(`${url} is online`, () => link.status.name === "online");
  return { name: url, say, link };
}

export async function aBrowser(url: string): Promise<Speaker> {
  const socket = new WebSocket(url, { ca: AUTHORITY });
  onTestFinished(() => socket.terminate());
  const heard: string[] = [];
  socket.on("message", (data) => void heard.push(textOf(data)));
  await within(once(socket, "open"), "the WebSocket opens");
  const say = async (text: string): Promise<void> => {
    socket.send(text);
    await eventually(`${url} echoes`, () => heard.includes(text));
  };
  return { name: url, say };
}

export function aProgram(
  processes: Processes,
  file: string,
  args: readonly string[],
): SpeakingProgram {
  const program = processes.start(file, args);
  const say = async (text: string): Promise<void> => {
    program.write(`${text}\n`);
    await program.says(new RegExp(`${text}\r?\n`));
  };
  return { name: file, say, program };
}

/** `nc`, or what does the same where there is none. */
export function aPlainProgram(processes: Processes, port: number): SpeakingProgram {
  if (hasTool("nc")) return aProgram(processes, "nc", ["127.0.0.1", String(port)]);
  const pipe = `const socket = require("node:net").connect(${port}, "127.0.0.1");
    process.stdin.pipe(socket).pipe(process.stdout);`;
  return aProgram(processes, process.execPath, ["-e", pipe]);
}

export async function everybodySays(speakers: readonly Speaker[], word: string): Promise<void> {
  await Promise.all(speakers.map((one, at) => one.say(`${word}-${at}`)));
}
