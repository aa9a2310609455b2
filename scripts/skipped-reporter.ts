/**
 * A skipped test is a promise that was not checked, so the end of every run lists each with its
 * reason. With HOLDFAST_REQUIRE_ALL=1 a skip fails the run: there, everything needed is installed.
 */
import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";

const NO_REASON = "no reason given";

export interface Skip {
  readonly test: string;
  readonly reason: string;
}

export class SkippedReporter implements Reporter {
  /** With a name pattern on the command line, all other tests count as skipped without a reason. */
  #filtered = false;

  onInit(vitest: Vitest): void {
    this.#filtered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const skips = modules
      .flatMap((module) => Array.from(module.children.allTests("skipped"), skipOf))
      .filter(({ reason }) => !this.#filtered || reason !== NO_REASON);
    if (skips.length === 0) return;
    process.stdout.write(`${describeSkips(skips)}\n`);
    if (process.env["HOLDFAST_REQUIRE_ALL"] === "1") process.exitCode = 1;
  }
}

function skipOf(test: TestCase): Skip {
  const result = test.result();
  const reason = (result.state === "skipped" ? result.note : undefined) ?? NO_REASON;
  return { test: `${test.module.relativeModuleId} > ${test.fullName}`, reason };
}

export function describeSkips(skips: readonly Skip[]): string {
  const lines = skips.map(({ test, reason }) => `  ${test}\n    because ${reason}`);
  return [`Skipped (${skips.length}):`, ...lines].join("\n");
}
