import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "./free-port.ts";

test("nobody is given a port twice, and the kernel gives none of them away", async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  expect(new Set(ports).size).toBe(50);
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(Math.max(...ports.map(Number))).toBeLessThan(port);
});

test("one that a program listens on is not given, nor one that was given before", async () => {
  const taken = createServer().listen(20_001, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening").catch(() => {}); // Somebody else has it, which is the same.
  const given = await freePort();
  const wanted = [20_001, Number(given), 20_003];
  const random = vi.spyOn(Math, "random");
  onTestFinished(() => random.mockRestore());
  for (const port of wanted) random.mockReturnValueOnce((port - 20_000) / (32_768 - 20_000));
  expect(["20001", given]).not.toContain(await freePort());
});
