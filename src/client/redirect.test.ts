import { expect, test } from "vitest";
import { resolveRedirect } from "./redirect.ts";
import { type LinkTarget, parseTarget } from "./target.ts";

const HERE = parseTarget("tcp://a.example:1");

function isFollowed(url: string, from: LinkTarget, redirectTo: readonly string[] = []): boolean {
  return "to" in resolveRedirect(url, from, redirectTo, parseTarget);
}

test("the same host may send the link to another port", () => {
  expect(isFollowed("tcp://A.example:2", HERE)).toBe(true);
  expect(isFollowed("tcp://[2001:db8::1]:2", parseTarget("tcp://[2001:db8::1]:1"))).toBe(true);
});

test("another host has to be listed by its whole name", () => {
  expect(isFollowed("tcp://b.example:1", HERE)).toBe(false);
  expect(isFollowed("tcp://b.example:1", HERE, ["b.example"])).toBe(true);
  expect(isFollowed("tcp://evil.b.example:1", HERE, ["b.example"])).toBe(false);
  expect(isFollowed("tcp://b.example.evil:1", HERE, ["b.example"])).toBe(false);
});

test("no redirect changes the dialect, leads into the file system or back to plain text", () => {
  expect(isFollowed("line://a.example:1", HERE)).toBe(false);
  expect(isFollowed("unix:/run/x", HERE, ["/run/x", ""])).toBe(false);
  expect(isFollowed("tcp://a.example:1", { ...HERE, secure: true })).toBe(false);
  const socket = parseTarget("unix:/run/x");
  expect(isFollowed("unix:/run/x", socket)).toBe(true);
  expect(isFollowed("unix:/run/y", socket)).toBe(false);
});

test("what is no url, or holds credentials, is refused in words that are safe to print", () => {
  const refused = resolveRedirect("tcp://u:HUNTER2@\x1b[2Jb:1", HERE, [], parseTarget);
  if (!("refused" in refused)) throw new Error("it was followed");
  expect(refused.refused).not.toContain("HUNTER2");
  expect(refused.refused).not.toContain("\x1b");
});
