import { expect, test } from "vitest";
import type { Clock, Instant } from "../base/time.ts";
import type { Hello } from "../wire/frame.ts";
import { type Authenticate, Authentication } from "./authentication.ts";

const HELLO: Hello = {
  agent: "test",
  token: "hunter2",
  intervalMsMin: 1,
  intervalMsMax: 1,
  nextMs: 1,
  messageBytesMax: 1,
};

class Desk {
  readonly decided: string[] = [];
  readonly warnings: string[] = [];
  readonly gone = new Set<string>();
  readonly authentication: Authentication;
  #alarms = new Map<() => void, Instant>();
  #now = 0 as Instant;

  constructor(authenticate: Authenticate, questionsMax: number, waitingMax = 100) {
    const clock: Clock = {
      now: () => this.#now,
      wallNow: () => 0,
      wakeAt: (at, wake) => {
        this.#alarms.set(wake, at);
        return () => void this.#alarms.delete(wake);
      },
      afterPoll: () => () => {},
      afterTurn: () => () => {},
    };
    const warn = (text: string): void => void this.warnings.push(text);
    const config = { authenticate, questionsMax, waitingMax, questionMsMax: 1_000, warn };
    this.authentication = new Authentication(config, clock);
  }

  get alarmCount(): number {
    return this.#alarms.size;
  }

  ask(name: string): boolean {
    return this.authentication.ask({
      hello: HELLO,
      remote: name,
      below: { tls: undefined, request: undefined, proxied: undefined },
      isWaiting: () => !this.gone.has(name),
      decide: (mayEnter) => void this.decided.push(`${name}: ${mayEnter}`),
    });
  }

  pass(ms: number): void {
    this.#now = (this.#now + ms) as Instant;
    for (const [wake, at] of [...this.#alarms]) {
      if (at > this.#now) continue;
      this.#alarms.delete(wake);
      wake();
    }
  }
}

/** Answers of the application, given by hand. */
class Application {
  readonly asked: string[] = [];
  readonly answer = new Map<string, (mayEnter: boolean) => void>();
  readonly authenticate: Authenticate = (_, remote) => {
    this.asked.push(remote);
    return new Promise((resolve) => this.answer.set(remote, resolve));
  };

  async say(name: string, mayEnter: boolean): Promise<void> {
    this.answer.get(name)?.(mayEnter);
    await Promise.resolve();
    await Promise.resolve();
  }
}

test("only true lets in; false, a rejection, a throw and nonsense turn away", async () => {
  const answers: Record<string, () => unknown> = {
    yes: () => true,
    no: () => false,
    later: () => Promise.resolve(true),
    never: () => Promise.reject(new Error("hunter2")),
    throws: () => {
      throw new Error("hunter2");
    },
    nonsense: () => "yes",
  };
  const desk = new Desk((_, remote) => answers[remote]?.() as boolean, 64);
  for (const name of Object.keys(answers)) desk.ask(name);
  await new Promise((resolve) => setImmediate(resolve));
  expect(desk.decided.toSorted()).toEqual([
    "later: true",
    "never: false",
    "no: false",
    "nonsense: false",
    "throws: false",
    "yes: true",
  ]);
  // Said once, and without what the error says.
  expect(desk.warnings).toHaveLength(1);
  expect(desk.warnings.join()).not.toContain("hunter2");
});

test("only so many questions are open at once; each answer makes room", async () => {
  const application = new Application();
  const desk = new Desk(application.authenticate, 2);
  for (const name of ["a", "b", "c", "d"]) desk.ask(name);
  expect(application.asked).toEqual(["a", "b"]);
  await application.say("b", true);
  expect(application.asked).toEqual(["a", "b", "c"]);
  expect(desk.decided).toEqual(["b: true"]);
});

test("who is gone is not asked about, and decides nothing", async () => {
  const application = new Application();
  const desk = new Desk(application.authenticate, 1);
  for (const name of ["a", "b", "c"]) desk.ask(name);
  desk.gone.add("a").add("b");
  await application.say("a", true);
  expect(application.asked).toEqual(["a", "c"]);
  expect(desk.decided).toEqual([]);
});

test("a peer that leaves does not free its question; only the answer or its deadline does", () => {
  const application = new Application();
  const desk = new Desk(application.authenticate, 1);
  desk.ask("a");
  desk.gone.add("a");
  desk.ask("b");
  expect(application.asked).toEqual(["a"]);
  desk.pass(999);
  expect(application.asked).toEqual(["a"]);
  desk.pass(1);
  expect(application.asked).toEqual(["a", "b"]);
});

test("an answer after the deadline neither opens a place twice nor is lost", async () => {
  const application = new Application();
  const desk = new Desk(application.authenticate, 1);
  for (const name of ["a", "b", "c"]) desk.ask(name);
  desk.pass(1_000);
  expect(application.asked).toEqual(["a", "b"]);
  await application.say("a", true);
  expect(application.asked).toEqual(["a", "b"]);
  expect(desk.decided).toEqual(["a: true"]);
});

test("those who wait are bounded, and closing leaves no timer", () => {
  const desk = new Desk(new Application().authenticate, 1, 2);
  expect(["a", "b", "c", "d"].map((name) => desk.ask(name))).toEqual([true, true, true, false]);
  expect(desk.alarmCount).toBe(1);
  desk.authentication.close();
  expect(desk.alarmCount).toBe(0);
  desk.pass(5_000);
  expect(desk.decided).toEqual([]);
});
