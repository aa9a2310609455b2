/**
 * `fast` is what `npm test` runs. `full` needs root, network namespaces or minutes, one file after
 * the other; `busy` needs a core for minutes, and no moment of it matters, `patient` needs minutes
 * only, and `fuzz` a core for them. `npm run test:full` and .ci/run add all four.
 *
 * HOLDFAST_TEST_REPORT names a file that gets the results as JSON, for counting.
 */
import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { SkippedReporter } from "./scripts/skipped-reporter.ts";

/** They wait for minutes and use little of the machine, so they wait side by side. */
const PATIENT = [
  "test/full/plain-programs.test.ts",
  "test/full/python-client.test.ts",
  "test/full/slow-peers.test.ts",
  "test/full/stopped-readers.test.ts",
  "test/full/shut-window.test.ts",
  "test/full/probe.test.ts",
  "test/full/adaptive.test.ts",
  "test/full/browser.test.ts",
  "test/full/browser-chat.test.ts",
  "test/full/agent-example.test.ts",
  "test/full/systemd.test.ts",
];

/** It only reckons, for minutes, so it may do so beside tests that wait. */
const FUZZ = ["test/full/fuzz.test.ts"];

/** Much work, and nothing that has to happen in time: they may run beside tests that measure it. */
const BUSY = [
  "test/full/bench.test.ts",
  "test/full/container.test.ts",
  "test/full/guard-bench.test.ts",
  "test/full/node26.test.ts",
  "test/full/shrinks-back.test.ts",
];

const report = process.env["HOLDFAST_TEST_REPORT"];

const config: ViteUserConfig = defineConfig({
  test: {
    // Forks: a test may block its event loop, send signals to itself or count its descriptors.
    pool: "forks",
    // A generated document is rewritten by `npm run docs` only, never by running the tests.
    update: "none",
    // Nothing may wait for ever: neither a test nor the end of the run.
    teardownTimeout: 10_000,
    reporters: ["default", new SkippedReporter(), ...(report === undefined ? [] : ["json"])],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    projects: [
      {
        extends: true,
        test: {
          name: "fast",
          include: ["src/**/*.test.ts", "bench/**/*.test.ts", "test/!(full)/**/*.test.ts"],
          // Half of it is simulation, which uses all of a core; the other half waits.
          maxWorkers: Math.ceil(availableParallelism() * 1.5),
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "full",
          include: ["test/full/**/*.test.ts"],
          exclude: [...PATIENT, ...FUZZ, ...BUSY],
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: { name: "busy", include: BUSY, testTimeout: 300_000, hookTimeout: 60_000 },
      },
      {
        extends: true,
        test: { name: "fuzz", include: FUZZ, testTimeout: 180_000 },
      },
      {
        extends: true,
        test: {
          name: "patient",
          include: PATIENT,
          maxWorkers: 3,
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

export default config;
