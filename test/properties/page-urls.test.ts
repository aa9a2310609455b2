/**
 * Promise: a page dials where everybody else would, and what it shows of a url holds no secret,
 * whatever the url looks like; the words in which one is refused included.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isHoldfastError } from "../../src/base/errors.ts";
import { isLocal as isLocalElsewhere, parseTarget } from "../../src/client/target.ts";
import { isLocal, type PageTarget, pageTarget, redacted } from "../../src/page/page-url.ts";

const schemes = fc.constantFrom("ws", "wss", "line+ws", "line+wss", "WSS", "Line+Ws");
const hosts = fc.oneof(
  // What begins with "xn--" is Punycode, which the platform checks, and few such names are any.
  fc
    .stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9](?:\.[a-z]{2,5}){0,2}$/)
    .filter((host) => !host.startsWith("xn--")),
  fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((four) => four.join(".")),
  fc.constantFrom(
    "Chat.Example",
    "localhost",
    "a.localhost",
    "127.0.0.9",
    "[::1]",
    "[2001:db8::1]",
  ),
  fc.constantFrom("127.evil.example", "localhost.example", "notlocalhost", "1.127.0.0.1.example"),
);
const ports = fc.option(fc.integer({ min: 1, max: 65_535 }));
const pieces = fc.stringMatching(/^[a-zA-Z0-9_~@:!$&'()*+,;=-]{0,8}$/);
const paths = fc.array(pieces, { maxLength: 3 }).map((list) => {
  // Dots that climb are the platform's matter.
  return list.length === 0 ? "" : `/${list.join("/")}`;
});
const queries = fc.option(fc.stringMatching(/^[a-zA-Z0-9_~@:/?=&%+-]{1,12}$/));

test("an ordinary url leads to the same place as elsewhere", () => {
  fc.assert(
    fc.property(schemes, hosts, ports, paths, queries, (given, host, port, path, query) => {
      const rest = `${path}${query === null ? "" : `?${query}`}`;
      const url = `${given}://${host}${port === null ? "" : `:${port}`}${rest}`;
      const elsewhere = parseTarget(url);
      if (elsewhere.over !== "websocket") throw new Error("all of them are WebSockets");
      const target = pageTarget(url, true);
      const shownHost = elsewhere.host.includes(":") ? `[${elsewhere.host}]` : elsewhere.host;
      expect(target).toMatchObject({
        host: elsewhere.host,
        remote: `${shownHost}:${elsewhere.port}`,
        secure: elsewhere.secure,
        isLine: elsewhere.dialect === "line",
      });
      expect(isLocal(target)).toBe(isLocalElsewhere(elsewhere));
      const scheme = elsewhere.secure ? "wss" : "ws";
      const dialled = `${scheme}://${shownHost}:${elsewhere.port}${elsewhere.path}`;
      expect(new URL(target.url).href).toBe(new URL(dialled).href);
      expect(target.label).toBe(elsewhere.label);
    }),
    { numRuns: 1_000 },
  );
});

const SECRET = "HUNTER2";

/** Where it may stand, and what may stand around it. */
const secretive = fc
  .tuple(
    fc.constantFrom("ws", "wss", "line+wss", "http", "", "nonsense"),
    fc.constantFrom(":", "://", ":/", ":\\\\", ":////", ""),
    fc.constantFrom(
      "",
      `${SECRET}@`,
      `u:${SECRET}@`,
      `${SECRET}:p@`,
      `u:a@${SECRET}@`,
      `@u:${SECRET}@`,
    ),
    fc.constantFrom("a.example", "a.example:1", "[::1]", "", "a b", "a.example:99999", "\u202e"),
    fc.constantFrom("", "/", "/path", "/a@b", "\n"),
    fc.constantFrom(
      "",
      `?${SECRET}`,
      `?token=${SECRET}@x`,
      `?a?${SECRET}`,
      `#${SECRET}`,
      `?#${SECRET}`,
    ),
  )
  .map((parts) => parts.join(""));

test("whatever a url holds, its secrets are neither shown nor dialled by accident", () => {
  fc.assert(
    fc.property(secretive, fc.boolean(), (url, takesLines) => {
      expect(redacted(url)).not.toContain(SECRET);
      let target: PageTarget;
      try {
        target = pageTarget(url, takesLines);
      } catch (error) {
        if (!isHoldfastError(error)) throw error;
        expect(error.code).toBe("URL_INVALID");
        expect(error.message).not.toContain(SECRET);
        expect(error.message).not.toContain("\u202e");
        return;
      }
      const { label, remote, host } = target;
      expect(`${label} ${remote} ${host}`).not.toContain(SECRET);
      expect(/^[!-~]+(?:\?…)?$/.test(label)).toBe(true);
      expect(url.replace(/\?.*/s, "")).not.toContain(SECRET);
    }),
    { numRuns: 3_000 },
  );
});

test("what no page can open is refused, naming what it can", () => {
  for (const url of ["tcp://a:1", "http://a", "a", "", "line+ws://a", "ws://a#b", "ws://u@a/"]) {
    expect(() => pageTarget(url, false), url).toThrow(/expected wss:\/\/host\/path or/);
  }
  expect(() => pageTarget(5, true)).toThrow('cannot open "5"');
});
