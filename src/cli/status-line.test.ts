import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Outlet } from "./outlet.ts";
import { PromptLine, RewrittenLine } from "./status-line.ts";

function terminal(columns: number): { stream: PassThrough; screen: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns });
  let written = "";
  stream.on("data", (chunk: Buffer) => {
    written += chunk.toString();
  });
  return { stream, screen: () => screenOf(written, columns) };
}

/** What a terminal shows after these bytes; knows only the sequences that are used here. */
function screenOf(written: string, columns: number): string {
  const rows: string[] = [""];
  let row = 0;
  let column = 0;
  for (const [part] of written.matchAll(/\u001b\[(\d*)([A-Za-z])|[\s\S]/g)) {
    const sequence = /^\u001b\[(\d*)([A-Za-z])$/.exec(part);
    const count = Number(sequence?.[1] || "1");
    if (sequence?.[2] === "A") row -= count;
    else if (sequence?.[2] === "G") column = count - 1;
    else if (sequence?.[2] === "C") column += count;
    else if (sequence?.[2] === "K") rows[row] = (rows[row] ?? "").slice(0, column);
    else if (sequence?.[2] === "J") {
      rows[row] = (rows[row] ?? "").slice(0, column);
      rows.length = row + 1;
    } else if (part === "\r") column = 0;
    else if (part === "\n") {
      row += 1;
      column = 0;
      rows[row] ??= "";
    } else if (sequence === null) {
      if (column === columns) {
        row += 1;
        column = 0;
      }
      const before = (rows[row] ?? "").padEnd(column);
      rows[row] = before.slice(0, column) + part + before.slice(column + 1);
      column += 1;
    }
  }
  return rows.map((text) => text.trimEnd()).join("\n");
}

test("the line is rewritten in place, and what is printed goes above it", () => {
  const { stream, screen } = terminal(40);
  const line = new RewrittenLine(new Outlet(stream, () => {}));
  line.show("beat 1, answered in 3 ms");
  line.show("beat 2");
  expect(screen()).toBe("beat 2");
  line.above(() => stream.write("hello\n"));
  expect(screen()).toBe("hello\nbeat 2");
  line.close();
  expect(screen()).toBe("hello\n");
});

test("a line longer than the terminal is cut, so that it can be rewritten", () => {
  const { stream, screen } = terminal(10);
  const line = new RewrittenLine(new Outlet(stream, () => {}));
  line.show("a line that is too long");
  line.show("short");
  expect(screen()).toBe("short");
});

test("a message does not tear what somebody is typing", async () => {
  const { stream, screen } = terminal(40);
  const stdin = new PassThrough();
  const lines: string[] = [];
  const line = new PromptLine(stdin, stream, {
    onLine: (text) => lines.push(text),
    onEnd: () => {},
    onInterrupt: () => {},
  });
  line.show("beat 1");
  stdin.write("half a li");
  line.above(() => stream.write("hello\n"));
  expect(screen()).toBe("hello\nbeat 1 > half a li");
  line.show("beat 2");
  expect(screen()).toBe("hello\nbeat 2 > half a li");
  stdin.write("ne\r");
  expect(lines).toEqual(["half a line"]);
  line.close();
  stdin.destroy();
});

test("a typed line of several rows stays whole, too", () => {
  const { stream, screen } = terminal(10);
  const stdin = new PassThrough();
  const line = new PromptLine(stdin, stream, {
    onLine: () => {},
    onEnd: () => {},
    onInterrupt: () => {},
  });
  stdin.write("0123456789abcdef");
  line.above(() => stream.write("hello\n"));
  expect(screen()).toBe("hello\n> 01234567\n89abcdef");
  line.show("");
  line.above(() => stream.write("again\n"));
  expect(screen()).toBe("hello\nagain\n> 01234567\n89abcdef");
  line.close();
  stdin.destroy();
});

test("Ctrl-C and Ctrl-D are told apart", async () => {
  const { stream } = terminal(40);
  const keys: string[] = [];
  const stdin = new PassThrough();
  const line = new PromptLine(stdin, stream, {
    onLine: () => {},
    onEnd: () => keys.push("end"),
    onInterrupt: () => keys.push("interrupt"),
  });
  stdin.write("\u0003");
  stdin.write("\u0004");
  expect(keys).toEqual(["interrupt", "end"]);
  line.close();
  stdin.destroy();
});
