import { expect, test } from "vitest";
import { readActivation, urlOf } from "./activation.ts";

const OURS = { LISTEN_PID: "42", LISTEN_FDS: "2" };

test("sockets are taken from descriptor 3 on, with their names", () => {
  const names = { ...OURS, LISTEN_FDNAMES: "plain:tls" };
  const activation = readActivation(names, 42);
  expect(activation).toEqual({
    kind: "sockets",
    sockets: [
      { fd: 3, name: "plain" },
      { fd: 4, name: "tls" },
    ],
  });
  if (activation.kind !== "sockets") return;
  expect(activation.sockets.map(urlOf)).toEqual(["fd:3", "tls+fd:4"]);
  expect(urlOf({ fd: 5, name: "tcp+tls" })).toBe("tcp+tls+fd:5");
  expect(readActivation({ ...OURS, LISTEN_FDS: "1" }, 42)).toEqual({
    kind: "sockets",
    sockets: [{ fd: 3, name: "" }],
  });
});

test("without the variables there is nothing", () => {
  expect(readActivation({}, 42)).toEqual({ kind: "none" });
  expect(readActivation({ LISTEN_FDS: "", LISTEN_PID: "42" }, 42)).toEqual({ kind: "none" });
});

test("sockets of another process are left alone, and that is said", () => {
  const { kind, ...rest } = readActivation({ LISTEN_PID: "41", LISTEN_FDS: "1" }, 42);
  expect(kind).toBe("foreign");
  expect(rest).toMatchObject({ text: expect.stringContaining("passed to process 41") as string });
});

test("what contradicts itself names the variable, what was expected and what came", () => {
  const textOf = (env: Parameters<typeof readActivation>[0]): string => {
    const activation = readActivation(env, 42);
    return activation.kind === "wrong" ? activation.text : `not wrong: ${activation.kind}`;
  };
  for (const fds of ["0", "65", "-1", "x", "1.5", "1e1"]) {
    const text = 'LISTEN_FDS: expected a number of sockets from 1 to 64, got "';
    expect(textOf({ ...OURS, LISTEN_FDS: fds })).toBe(`${text}${fds}"`);
  }
  expect(textOf({ LISTEN_FDS: "1" })).toContain("LISTEN_PID: expected the id of the process");
  expect(textOf({ LISTEN_FDS: "1", LISTEN_PID: "me" })).toContain('got "me"');
  expect(textOf({ ...OURS, LISTEN_FDNAMES: "one" })).toBe(
    'LISTEN_FDNAMES: expected 2 names with colons between, got "one"',
  );
});
