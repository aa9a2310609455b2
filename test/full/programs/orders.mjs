/** Orders come as lines of stdin and are answered by JSON lines on stdout. */
import { createInterface } from "node:readline";

export function tell(event, fields = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

/** `on` holds a function for each first word of an order. */
export function obey(on) {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const [order, ...words] = line.split(" ");
    on[order](...words);
  });
}
