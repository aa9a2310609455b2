/** The driver over a transport that takes everything and does nothing. */
import { later } from "../../src/base/time.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { Alarms } from "../../src/driver/alarms.ts";
import { Driven } from "../../src/driver/driven.ts";
import type { DrivenOwner, DrivenSurroundings } from "../../src/driver/driven-owner.ts";
import { NO_KERNEL_OPTIONS } from "../../src/transports/no-kernel-options.ts";
import type { Transport } from "../../src/transports/transport.ts";
import { encodePing } from "../../src/wire/frame-codec.ts";
import { lineConnection } from "./server-machine.ts";
import { CONTEXT, openFrameConnection, STEP_MS, StepClock } from "./subjects.ts";
import { expectSame, expectThat, type MicroGroup, type MicroTask } from "./task.ts";

const PING_LINE = Uint8Array.from(Buffer.from("ping\n"));

export const driving: MicroGroup = {
  title: "driver over a null transport, one step",
  tasks: () => [
    step("driven: line ping in, pong out", lineConnection(), PING_LINE),
    step("driven: frame PING in, PONG out", openFrameConnection(), encodePing(1, 30_000)),
  ],
};

export class NullTransport implements Transport {
  readonly kind = "memory" as const;
  readonly isPreparing = false as const;
  readonly remote = { text: "null", ip: "" };
  readonly unsentBytes = 0;
  writtenBytes = 0;
  writes = 0;

  write(bytes: Uint8Array): boolean {
    this.writtenBytes += bytes.length;
    this.writes += 1;
    return true;
  }

  finish(): void {}

  reset(): boolean {
    return true;
  }

  close(): void {}

  pause(): void {}

  resume(): void {}

  readUnacked(): void {}

  kernelOptions(): typeof NO_KERNEL_OPTIONS {
    return NO_KERNEL_OPTIONS;
  }
}

/** Counts what it is told. */
export class CountingOwner implements DrivenOwner {
  beats = 0;
  ends = 0;
  told = 0;

  onBeat(): void {
    this.beats += 1;
  }

  onEnd(): void {
    this.ends += 1;
  }

  onGreeting(): void {
    this.told += 1;
  }

  onReady(): void {
    this.told += 1;
  }

  onHello(): void {
    this.told += 1;
  }

  onOpened(): void {
    this.told += 1;
  }

  onMessage(): void {
    this.told += 1;
  }

  onVerdict(): void {
    this.told += 1;
  }

  onGoAway(): void {
    this.told += 1;
  }

  onDrained(): void {
    this.told += 1;
  }

  onDelivered(): void {
    this.told += 1;
  }

  onJudge(): void {
    this.told += 1;
  }

  onHeldBytes(): void {
    this.told += 1;
  }
}

export function surroundings(clock: StepClock): DrivenSurroundings {
  const config = { tickMs: 25, watchMs: 1_000, stallToleranceMs: 500 };
  const handlers = { onStall: () => {}, onPassEnd: () => {} };
  const alarms = new Alarms(config, clock, CONTEXT.stalls, handlers);
  const report = (error: unknown): void => {
    throw error;
  };
  return { clock, alarms, report };
}

function step(name: string, connection: Connection, ping: Uint8Array): MicroTask {
  const clock = new StepClock();
  const transport = new NullTransport();
  const owner = new CountingOwner();
  const driven = new Driven(connection, () => transport, owner, surroundings(clock));
  driven.start();
  const once = (): void => {
    clock.at = later(clock.at, STEP_MS);
    driven.onBytes(ping);
  };
  return {
    name,
    check() {
      once();
      expectSame([transport.writes, owner.beats], [1, 1]);
      expectThat(transport.writtenBytes > 0, "a pong went out");
    },
    run(times) {
      for (let count = 0; count < times; count++) once();
      return transport.writtenBytes + owner.beats;
    },
  };
}
