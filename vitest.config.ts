/**
 * Two projects: `fast` is what `npm test` runs; `full` needs root, network namespaces, a second
 * Node or minutes, and is what `npm run test:full` and .ci/run add.
 *
 * HOLDFAST_TEST_REPORT names a file that gets the results as JSON, for counting.
 */
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { SkippedReporter } from "./scripts/skipped-reporter.ts";

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
          include: ["src/**/*.test.ts", "test/!(full)/**/*.test.ts"],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "full",
          include: ["test/full/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

export default config;
