/** Nothing of ours throws, whatever the world does. */
import type { MakeChecker } from "../world-view.ts";
import { toldChecker } from "./told-checker.ts";

export const thrown: MakeChecker = toldChecker("thrown", ({ report }) => ({
  onEvent(event): void {
    if (event.what !== "thrown") return;
    const { host, message, atMs } = event;
    report(`${host}/${message}`, atMs, `at ${host} something threw: ${message}`);
  },
}));
