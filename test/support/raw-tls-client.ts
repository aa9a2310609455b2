/** A client of TLS that can write past TLS, or forge its records. */
import { connect as connectTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import { AUTHORITY } from "../certificates/certificates.ts";
import { KeyUpdates } from "./key-updates.ts";

export interface RawClient {
  readonly raw: Socket;
  readonly socket: TLSSocket;
  readonly keys: KeyUpdates;
}

/** A client of TLS over a socket that may be written past it. */
export async function rawClient(served: { readonly url: () => string }): Promise<RawClient> {
  const raw = connectTcp(Number(new URL(served.url()).port), "127.0.0.1");
  const below = new Duplex({
    read: () => {},
    write: (bytes: Buffer, _, done) => void raw.write(bytes, () => done()),
  });
  raw.on("data", (bytes: Buffer) => below.push(bytes));
  const ciphers = "TLS_AES_128_GCM_SHA256";
  const socket = connectTls({ socket: below, servername: "localhost", ca: AUTHORITY, ciphers });
  let keyLog = "";
  socket.on("keylog", (line: Buffer) => {
    if (line.toString().startsWith("CLIENT_TRAFFIC_SECRET_0")) keyLog = line.toString();
  });
  for (const one of [raw, below, socket]) one.on("error", () => {});
  onTestFinished(() => void raw.destroy());
  await new Promise<void>((resolve) => socket.once("secureConnect", resolve));
  return { raw, socket, keys: new KeyUpdates(keyLog) };
}
