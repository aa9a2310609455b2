/**
 * The life of a server that is written in JavaScript: it tells its port, obeys orders, and exits
 * when stdin ends (the `tells` contract of contender.ts).
 *
 * stdout carries these lines and nothing else: whatever else is to be said goes to stderr.
 */

/** Begins with the ready line, so call it when the server listens. */
export function beginLife(port: number): void {
  let rest = "";
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) obey(line.trim());
  });
  // Also after an error: whoever held the other end is gone.
  process.stdin.on("close", () => process.exit(0));
  process.stdin.on("end", () => process.exit(0));
  say({ event: "ready", port });
}

/** The end of a server that cannot serve. */
export function giveUp(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function obey(order: string): void {
  if (order !== "gc") {
    process.stderr.write(`this server knows no order "${order}"\n`);
    return;
  }
  const { gc } = globalThis;
  if (gc === undefined) giveUp("`gc` needs --expose-gc");
  gc();
  // The second one frees what the finalizers of the first one let go of.
  setImmediate(() => {
    gc();
    say({ event: "gc" });
  });
}

function say(event: { readonly event: string; readonly port?: number }): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
