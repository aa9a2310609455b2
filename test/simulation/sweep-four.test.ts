/** Seeds 151 to 200; four files, so that they run side by side. */
import { testSeeds } from "./seed-runs.ts";

testSeeds(151, 200);
