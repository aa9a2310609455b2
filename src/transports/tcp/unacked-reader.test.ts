import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { endianness, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { connectionKey, type SocketEnds } from "./proc-net-tcp.ts";
import { UnackedReader, type UnackedReaderConfig } from "./unacked-reader.ts";

const directory = mkdtempSync(join(tmpdir(), "holdfast-unacked-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const HEADING = "  sl  local_address rem_address   st tx_queue rx_queue\n";

function ends(remotePort: number): SocketEnds {
  return { localAddress: "127.0.0.1", localPort: 80, remoteAddress: "127.0.0.1", remotePort };
}

function lineFor(remotePort: number, unackedBytes: number): string {
  const queue = unackedBytes.toString(16).toUpperCase().padStart(8, "0");
  return `   0: ${connectionKey(ends(remotePort), endianness())} 01 ${queue}:00000000 00:00\n`;
}

function table(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function reader(
  config: Partial<UnackedReaderConfig> & { paths: readonly string[] },
): UnackedReader {
  return new UnackedReader({ pauseMs: 1, askersMax: 100, fileBytesMax: 1_000_000, ...config });
}

function ask(from: UnackedReader, remotePort: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const answer = (unackedBytes: number | undefined): boolean => {
      resolve(unackedBytes);
      return true;
    };
    from.ask(ends(remotePort), { begun() {}, answer });
  });
}

test("all who ask in one turn are answered, from whichever file lists them", async () => {
  const four = table("four", HEADING + lineFor(1, 111) + lineFor(2, 222));
  const six = table("six", HEADING + lineFor(3, 333));
  const from = reader({ paths: [four, join(directory, "missing"), six] });
  const answers = await Promise.all([ask(from, 1), ask(from, 1), ask(from, 3), ask(from, 4)]);
  expect(answers).toEqual([111, 111, 333, undefined]);
});

test("who asks during the pause is answered by the next reading, from fresh text", async () => {
  const path = table("fresh", HEADING + lineFor(1, 100));
  const from = reader({ paths: [path], pauseMs: 20 });
  expect(await ask(from, 1)).toBe(100);
  const later = ask(from, 1);
  copyFileSync(table("fresher", HEADING + lineFor(1, 40)), path);
  expect(await later).toBe(40);
});

test("a table that is too long is not read to its end", async () => {
  const text = HEADING + lineFor(1, 1) + lineFor(2, 2).repeat(50) + lineFor(3, 3);
  const from = reader({ paths: [table("long", text)], fileBytesMax: 200 });
  expect(await Promise.all([ask(from, 1), ask(from, 3)])).toEqual([1, undefined]);
});

test("a line that two chunks share is still one line", async () => {
  // The stream reads 64 KiB at a time; some line spans that border.
  const text = HEADING + Array.from({ length: 2_000 }, (_, port) => lineFor(port, port)).join("");
  const from = reader({ paths: [table("chunks", text)], askersMax: 2_000 });
  const ports = Array.from({ length: 2_000 }, (_, port) => port);
  expect(await Promise.all(ports.map((port) => ask(from, port)))).toEqual(ports);
});

test("more askers than allowed are told that it is not known", async () => {
  const path = table("crowd", HEADING + lineFor(1, 1) + lineFor(2, 2));
  const from = reader({ paths: [path], askersMax: 1 });
  expect(await Promise.all([ask(from, 1), ask(from, 2)])).toEqual([1, undefined]);
});

test("who does not accept the answer gets one more reading at once, of that moment", async () => {
  const path = table("again", HEADING + lineFor(1, 100) + lineFor(2, 200));
  const from = reader({ paths: [path], pauseMs: 60_000 });
  const told: string[] = [];
  const other = ask(from, 2);
  await new Promise<void>((resolve) => {
    from.ask(ends(1), {
      begun: () => void told.push("begun"),
      answer: (unackedBytes) => {
        told.push(String(unackedBytes));
        copyFileSync(table("again-later", HEADING + lineFor(1, 105)), path);
        if (told.length >= 4) resolve();
        return false;
      },
    });
  });
  expect(told).toEqual(["begun", "100", "begun", "105"]);
  expect(await other).toBe(200);
});
