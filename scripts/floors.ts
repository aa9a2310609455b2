/**
 * The floors of the house: a room imports lower floors only, and never a room beside it.
 *
 * Type-only imports obey, too: a type from above is knowledge from above. Tests that stand inside
 * a room may use `testing/`, packages, and rooms up to their own floor. A pure room, and all that
 * it pulls in at run time, names no package and no `node:` module. Neither does the door for
 * browsers, nor anything behind it.
 */
import type { Files, Finding } from "./house.ts";
import { importsOf, targetOf } from "./imports.ts";
import { codeOnly, lineAt } from "./source-text.ts";

interface Room {
  readonly floor: number;
  readonly pure: boolean;
}

/** The one list. Files directly in src/ are the doors. */
const FLOORS: readonly { readonly pure: readonly string[]; readonly open: readonly string[] }[] = [
  { pure: ["base"], open: [] },
  { pure: ["liveness", "redial", "session", "wire"], open: [] },
  { pure: ["connection"], open: [] },
  { pure: [], open: ["transports"] },
  { pure: [], open: ["driver"] },
  { pure: ["client"], open: ["guard", "server"] },
  { pure: ["page"], open: [] },
  { pure: ["simulation"], open: ["cluster", "ops"] },
  { pure: [], open: ["cli", "doors", "testing"] },
];

const ROOMS: ReadonlyMap<string, Room> = new Map(
  FLOORS.flatMap(({ pure, open }, floor) => [
    ...pure.map((name): [string, Room] => [name, { floor, pure: true }]),
    ...open.map((name): [string, Room] => [name, { floor, pure: false }]),
  ]),
);

export const PURE_ROOMS: readonly string[] = FLOORS.flatMap(({ pure }) => pure);

const BROWSER_DOOR = "src/browser.ts";

/** The room of a path such as `src/wire/frame.ts`; undefined outside src/. */
function roomOf(path: string): string | undefined {
  const parts = path.split("/");
  if (parts[0] !== "src") return undefined;
  return parts.length === 2 ? "doors" : parts[1];
}

export function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** All imports in src/ that break the order of the floors. */
export function floorFindings(files: Files): Finding[] {
  const findings: Finding[] = [];
  for (const [path, source] of files) {
    const roomName = roomOf(path);
    if (roomName === undefined) continue;
    const room = ROOMS.get(roomName);
    if (room === undefined) {
      findings.push({ path, line: 1, what: `the room "${roomName}" stands on no floor` });
      continue;
    }
    for (const { specifier, line } of importsOf(source)) {
      const what = isTest(path)
        ? faultOfTest(path, room, specifier)
        : faultOf(path, roomName, room, specifier);
      if (what !== undefined) findings.push({ path, line, what });
    }
  }
  return [...findings, ...impureFindings(files)];
}

function faultOf(path: string, from: string, room: Room, specifier: string): string | undefined {
  const target = targetOf(path, specifier);
  if (target === undefined) {
    return room.pure ? `"${from}" is pure and must not import "${specifier}"` : undefined;
  }
  const to = roomOf(target);
  const other = to === undefined ? undefined : ROOMS.get(to);
  if (to === undefined || other === undefined) return `"${specifier}" leads out of the house`;
  if (from === to) return undefined;
  if (from === "doors" && to === "testing") return undefined;
  return other.floor < room.floor ? undefined : `"${from}" must not import "${to}"`;
}

function faultOfTest(path: string, room: Room, specifier: string): string | undefined {
  const target = targetOf(path, specifier);
  const to = target === undefined ? undefined : roomOf(target);
  const other = to === undefined ? undefined : ROOMS.get(to);
  // Packages, and what stands outside src/ such as test/support and docs/.
  if (other === undefined || to === "testing" || other.floor <= room.floor) return undefined;
  return `a test on floor ${room.floor} must not import "${to}"; move it to test/`;
}

/** Follows the imports that are left at run time: purity that ends in the next file is none. */
function impureFindings(files: Files): Finding[] {
  const isPure = (path: string): boolean => PURE_ROOMS.includes(roomOf(path) ?? "");
  const pure = [...files.keys()].filter((path) => isPure(path) && !isTest(path));
  const behindDoor = reached(files, [BROWSER_DOOR]);
  return [
    ...reachFindings(files, reached(files, pure), "a pure room", isPure),
    ...reachFindings(files, behindDoor, "the door for browsers", isPure),
    ...[...behindDoor].flatMap((path) => globalFindings(path, files.get(path) ?? "")),
  ];
}

/** All files behind these, themselves included, by the imports that are left at run time. */
function reached(files: Files, from: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const ahead = from.filter((path) => files.has(path));
  for (let path = ahead.pop(); path !== undefined; path = ahead.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    for (const { specifier, typeOnly } of importsOf(files.get(path) ?? "")) {
      const target = targetOf(path, specifier);
      if (!typeOnly && target !== undefined) ahead.push(target);
    }
  }
  return found;
}

/** What only Node has. The pure rooms are compiled without it; the files of the door are not. */
const NODE_GLOBALS = /(?<![.\w])(?:Buffer|process|global|setImmediate|__dirname)(?!\w|\??:)/g;

function globalFindings(path: string, source: string): Finding[] {
  const text = codeOnly(source);
  return [...text.matchAll(NODE_GLOBALS)].map(({ 0: name, index }) => ({
    path,
    line: lineAt(text, index),
    what: `the door for browsers reaches \`${name}\` here`,
  }));
}

/** Outside the pure rooms, of which the rules above say more. */
function reachFindings(
  files: Files,
  paths: Iterable<string>,
  who: string,
  isPure: (path: string) => boolean,
): Finding[] {
  const findings: Finding[] = [];
  for (const path of paths) {
    if (isPure(path)) continue;
    for (const { specifier, line, typeOnly } of importsOf(files.get(path) ?? "")) {
      if (typeOnly || targetOf(path, specifier) !== undefined) continue;
      findings.push({ path, line, what: `${who} reaches "${specifier}" through this file` });
    }
  }
  return findings;
}
