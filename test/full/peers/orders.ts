/** How a program of this folder talks with the test that started it. */
import { createInterface } from "node:readline";

/** The argument that the test gave. */
export function argument<T>(): T {
  return JSON.parse(process.argv[2] ?? "{}") as T;
}

export function say(event: string, facts: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
}

/** Takes orders until the test closes stdin; then the program has no one to live for. */
export function obey<Order>(carryOut: (order: Order) => void): void {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => carryOut(JSON.parse(line) as Order));
  lines.on("close", () => process.exit());
}
