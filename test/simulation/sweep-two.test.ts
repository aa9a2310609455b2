/** Seeds 51 to 100; four files, so that they run side by side. */
import { testSeeds } from "./seed-runs.ts";

testSeeds(51, 100);
