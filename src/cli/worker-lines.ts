/** What the primary of `holdfast serve --workers` tells by itself, as text or as JSON. Pure. */
import { printable } from "../base/printable.ts";
import type { ClusterChange } from "../cluster/cluster-change.ts";
import { sayDuration } from "./duration.ts";
import { jsonLine } from "./json-line.ts";
import { clockText } from "./report-lines.ts";

type Told = ClusterChange | { readonly what: "notice"; readonly text: string };

/** Undefined for what is not worth a line. */
export function changeLine(told: Told, json: boolean, wallMs: number): string | undefined {
  const { worker, text, ...fields } = partsOf(told);
  if (json) {
    const time = new Date(wallMs).toISOString();
    const who = worker === undefined ? {} : { worker };
    const event = told.what === "notice" ? "notice" : "worker";
    return jsonLine({ time, event, ...who, ...fields, text });
  }
  const who = worker === undefined ? "" : `w${worker}`;
  const name = told.what === "notice" ? "notice" : "worker";
  const columns = [clockText(wallMs), who.padEnd(3), "".padEnd(8), name.padEnd(8)];
  return [...columns, printable(text)].join(" ");
}

interface Parts {
  readonly worker?: number;
  readonly text: string;
  readonly state?: string;
  readonly pid?: number | undefined;
  readonly replaces?: number | undefined;
  readonly lost?: number;
}

function partsOf(told: Told): Parts {
  switch (told.what) {
    case "up": {
      const { worker, pid, replaces } = told;
      const place = replaces === undefined ? "" : ` in place of w${replaces}`;
      return { worker, state: "up", pid, replaces, text: `pid ${pid} listens${place}` };
    }
    case "ended": {
      const { worker, pid, lost } = told;
      return { worker, state: "ended", pid, lost, text: sayEnd(told) };
    }
    case "waits": {
      const { replaces, delayMs } = told;
      const text = `they end too quickly: the next one starts in ${sayDuration(delayMs)}`;
      return { state: "waits", replaces, text };
    }
    case "failed":
      return { state: "failed", text: `one was started and did not come up: ${told.text}` };
    case "silent": {
      const { worker, pid } = told;
      const text = `pid ${pid} has said nothing for 5 s: it is stopped, or very busy`;
      return { worker, state: "silent", pid, text };
    }
    case "answers":
      return { worker: told.worker, state: "answers", text: "it answers again" };
    case "roll":
      return { state: `roll-${told.phase}`, text: ROLL[told.phase] };
    case "notice":
      return { text: told.text };
    default:
      return told satisfies never;
  }
}

const ROLL = {
  begins: "replacing all of them, one after the other",
  done: "all of them have been replaced",
  stops: "the others stay as they are",
} as const;

function sayEnd({ pid, code, signal, isOrderly, lost }: Told & { what: "ended" }): string {
  if (isOrderly) return `pid ${pid} has drained`;
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  return `pid ${pid} ended ${how}, and with it ${lost} connection${lost === 1 ? "" : "s"}`;
}
