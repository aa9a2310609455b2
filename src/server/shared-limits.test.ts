import { expect, test } from "vitest";
import type { Instant } from "../base/time.ts";
import { Admission } from "./admission.ts";
import { BufferBudget } from "./buffer-budget.ts";
import { Registry } from "./registry.ts";
import type { ServerConnection } from "./server-connection.ts";
import { type LimitUse, SharedLimits } from "./shared-limits.ts";

const CONFIG = {
  maxConnections: 8,
  maxPerAddress: 3,
  acceptPerSecondMax: 10,
  handshakesMax: 100,
} as const;
const IP = "192.0.2.7";

function at(ms: number): Instant {
  return ms as Instant;
}

class Scene {
  readonly #guests: ServerConnection[] = [];
  readonly registry: Registry<ServerConnection> = new Registry({
    get: (id) => this.#guests.find((guest) => guest.id === id),
    all: () => this.#guests,
  });
  readonly admission: Admission<ServerConnection>;
  readonly budget: BufferBudget<ServerConnection>;
  readonly limits: SharedLimits;
  #count = 0;

  constructor() {
    this.admission = new Admission(CONFIG, this.registry, false, at(0));
    this.budget = new BufferBudget(
      1_000,
      () => this.registry,
      () => {},
    );
    this.limits = new SharedLimits(this, CONFIG.maxPerAddress);
  }

  enter(ip: string = IP): ServerConnection | undefined {
    if (this.admission.refusal(ip, at(0)) !== undefined) return undefined;
    const guest = { id: `${this.#count++}`, heldBytes: 0, isDoomed: false };
    const connection = guest as unknown as ServerConnection;
    this.registry.add(connection);
    this.registry.onOpened(connection);
    this.admission.onEntered(ip);
    return connection;
  }

  use(name: LimitUse["name"]): LimitUse | undefined {
    return this.limits.uses(this.#count, at(1_000)).find((one) => one.name === name);
  }
}

test("a smaller part keeps who is here, says so, and lets nobody else in", () => {
  const scene = new Scene();
  scene.enter("192.0.2.1");
  scene.enter("192.0.2.2");
  expect(scene.limits.set("connections", 1)).toBe(2);
  expect(scene.enter("192.0.2.3")).toBeUndefined();
  expect(scene.use("connections")).toEqual({
    name: "connections",
    used: 2,
    wanted: 2,
    hunger: 2,
  });
  expect(scene.limits.set("connections", 3)).toBe(3);
  expect(scene.use("connections")?.hunger).toBe(0);
  expect(scene.enter("192.0.2.3")).toBeDefined();
  expect(scene.use("connections")?.hunger).toBe(1);
});

test("the silent need room for twice as many, since they may hold half of it", () => {
  const scene = new Scene();
  const guest = { id: "silent" } as ServerConnection;
  scene.registry.add(guest);
  expect(scene.use("connections")).toMatchObject({ used: 1, wanted: 2 });
});

test("a rate is not held: what was let in is likely to be wanted again", () => {
  const scene = new Scene();
  for (let guests = 0; guests < 4; guests++) scene.enter(`192.0.2.${guests}`);
  expect(scene.use("rate")).toEqual({ name: "rate", used: 0, wanted: 4, hunger: 0 });
  scene.limits.set("rate", 1);
  expect(scene.enter()).toBeDefined();
  expect(scene.enter("192.0.2.9")).toBeUndefined();
  expect(scene.use("rate")?.hunger).toBe(2);
});

test("an address is told of when it comes near its limit, until it is gone", () => {
  const scene = new Scene();
  const name = `address:${IP}` as const;
  scene.enter();
  scene.enter();
  expect(scene.use(name)).toBeUndefined();
  scene.enter();
  expect(scene.use(name)).toMatchObject({ used: 3, hunger: 1 });
  expect(scene.enter()).toBeUndefined();
  expect(scene.use(name)).toMatchObject({ used: 3, hunger: 2 });
  expect(scene.limits.set(name, 5)).toBe(5);
  expect(scene.enter()).toBeDefined();
  expect(scene.limits.set(name, 3)).toBe(4);
  for (let guests = 0; guests < 4; guests++) scene.admission.onLeft(IP);
  scene.limits.set(name, 3);
  expect(scene.use(name)).toMatchObject({ used: 0, hunger: 0 });
  expect(scene.use(name)).toBeUndefined();
});

test("a smaller budget ends nobody", () => {
  const scene = new Scene();
  const guest = scene.enter();
  if (guest !== undefined) scene.budget.change(guest, 600);
  expect(scene.limits.set("buffer", 100)).toBe(600);
  expect(scene.use("buffer")).toMatchObject({ used: 600, wanted: 1_200, hunger: 1 });
});
