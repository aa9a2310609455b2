/** Sends the lines of a pipe or file, no faster than the link takes them. */
import type { Readable } from "node:stream";
import { isHoldfastError } from "../base/errors.ts";
import type { Link } from "../client/link.ts";
import { LineSplitter } from "./line-splitter.ts";

/** Resolves when all was read. `onRefused` gets a sentence for each line that cannot be sent. */
export async function sendPipedLines(
  stdin: Readable,
  link: Link,
  onRefused: (sentence: string) => void,
): Promise<void> {
  const splitter = new LineSplitter();
  try {
    for await (const chunk of stdin) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
      for (const line of splitter.push(bytes)) await sendWhenRoom(link, line, onRefused);
      if (link.status.name === "ended") return;
    }
  } catch (error) {
    // A closed stdin (`<&-`) reads as an error; it is an end like any other.
    onRefused(`stdin: ${error instanceof Error ? error.message : "cannot be read"}`);
  }
  for (const line of splitter.finish()) await sendWhenRoom(link, line, onRefused);
}

async function sendWhenRoom(
  link: Link,
  line: string,
  onRefused: (sentence: string) => void,
): Promise<void> {
  if (!sendLine(link, line, onRefused)) await untilRoom(link);
}

/** Returns false when the link would rather have a pause. */
export function sendLine(link: Link, line: string, onRefused: (sentence: string) => void): boolean {
  try {
    return link.send(line);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    onRefused(`not sent: ${error.message}`);
    return true;
  }
}

async function untilRoom(link: Link): Promise<void> {
  await new Promise<void>((resolve) => {
    const undo = link.on("drain", () => {
      undo();
      resolve();
    });
    void link.ended.then(() => resolve());
  });
}
