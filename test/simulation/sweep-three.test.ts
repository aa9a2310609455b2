/** Seeds 101 to 150; four files, so that they run side by side. */
import { testSeeds } from "./seed-runs.ts";

testSeeds(101, 150);
