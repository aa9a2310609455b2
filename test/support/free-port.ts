/**
 * A port for a program that cannot choose one by itself, or that finds nobody there.
 *
 * A port that was free a moment ago is not enough: other tests run beside this one, and whoever
 * listens on port 0, or dials, is given the same port by the kernel sooner or later. So ports are
 * taken from below what the kernel gives away, and among ourselves the UDP port of the same number
 * is the lock: held until this process ends, however it ends.
 */
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const HOST = "127.0.0.1";
const LOWEST = 20_000;
/** Linux gives away ports from here on by default, and others only higher ones. */
const USUAL_END = 32_768;
const COUNT_MIN = 1_000;
const TRIES_MAX = 200;

export async function freePort(): Promise<string> {
  const end = Math.min(USUAL_END, firstGivenAway());
  if (end - LOWEST < COUNT_MIN) {
    throw new Error(`the kernel gives away ports from ${end} on, which leaves none for tests`);
  }
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = LOWEST + Math.floor(Math.random() * (end - LOWEST));
    if ((await lock(port)) && (await isFree(port))) return String(port);
  }
  throw new Error(`none of ${TRIES_MAX} ports between ${LOWEST} and ${end} was free`);
}

function firstGivenAway(): number {
  try {
    const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
    return Number.parseInt(range, 10);
  } catch {
    return USUAL_END; // Not Linux.
  }
}

function lock(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: HOST, exclusive: true }, () => {
      socket.unref();
      resolve(true);
    });
  });
}

/** Without a host, as many programs listen, which fails for whoever has it on any address. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
