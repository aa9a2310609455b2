/** Seeds 1 to 50; four files, so that they run side by side. */
import { testSeeds } from "./seed-runs.ts";

testSeeds(1, 50);
