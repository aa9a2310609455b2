import { Socket } from "node:net";
import { expect, test } from "vitest";
import { isHoldfastError } from "../base/errors.ts";
import { offerOpened } from "./offer-opened.ts";

function failureOf(cause: Error): Promise<Error> {
  return new Promise((onFailed) => {
    const socket = new Socket();
    const adopt = (): never => {
      throw new Error("nothing opens here");
    };
    offerOpened(socket, true, "tcp://example.org:1", { onOpened() {}, onFailed }, adopt);
    socket.destroy(cause);
  });
}

test("a dial that fails names the url and keeps the system's error", async () => {
  const cause = Object.assign(new Error("connect ECONNREFUSED 192.0.2.1:1"), {
    code: "ECONNREFUSED",
  });
  const error = await failureOf(cause);
  expect(isHoldfastError(error) && error.code).toBe("DIAL_FAILED");
  expect(error.message).toBe("cannot reach tcp://example.org:1: connect ECONNREFUSED 192.0.2.1:1");
  expect(error.cause).toBe(cause);
});

test("several addresses that fail are each named", async () => {
  const error = await failureOf(new AggregateError([new Error("first"), new Error("second")]));
  expect(error.message).toBe("cannot reach tcp://example.org:1: first; second");
});
