import { expect, test } from "vitest";
import { type AllocationSite, clockApart } from "./allocation-sites.ts";

function site(
  name: string,
  origin: AllocationSite["origin"],
  bytesPerBeat: number,
): AllocationSite {
  return { name, where: "", origin, bytesPerBeat };
}

const WRITE = site("write", "node", 218);

test("what the clock allocates is Node's, in whichever of our functions it is", () => {
  const apart = clockApart([WRITE, site("beat", "ours", 17), site("step", "ours", 1)], 16);
  expect(apart).toEqual([
    WRITE,
    { name: "performance.now", where: "where it is inlined", origin: "node", bytesPerBeat: 16 },
    site("beat", "ours", 1),
    site("step", "ours", 1),
  ]);
});

test("sampling that found a little less of it leaves nothing over", () => {
  const apart = clockApart([site("beat", "ours", 15.5)], 16);
  expect(apart.map(({ bytesPerBeat }) => bytesPerBeat)).toEqual([15.5, 0]);
});

test("where it allocates nothing, or was not put into one of ours, ours is ours", () => {
  const sites = [WRITE, site("beat", "ours", 17)];
  expect(clockApart(sites, 0)).toEqual(sites);
  expect(clockApart([WRITE, site("beat", "ours", 9)], 16)).toEqual([
    WRITE,
    site("beat", "ours", 9),
  ]);
  expect(clockApart([WRITE], 16)).toEqual([WRITE]);
});
