import { describe, expect, test } from "vitest";
import type { DuelResult } from "../results.ts";
import { featureTable } from "./feature-table.ts";

const ALL: DuelResult = { id: "all", title: "all", ratios: { beats: [1, 1, 1] } };
const TWIN: DuelResult = { id: "twin", title: "twin", ratios: { beats: [0.98, 1, 1.01] } };

function feature(...ratios: readonly number[]): DuelResult {
  return { id: "no-records", title: "no records", ratios: { beats: ratios } };
}

/** Number and remark of the row with this title. */
function cellOf(rows: readonly DuelResult[], title: string): string | undefined {
  const row = featureTable(rows).rows.find(([name]) => name?.main === title);
  return row === undefined ? undefined : `${row[1]?.main} ${row[1]?.small ?? ""}`.trim();
}

describe("featureTable", () => {
  test("shows the change and its ends", () => {
    expect(cellOf([ALL, TWIN, feature(1.03, 1.1, 1.05)], "no records")).toBe(
      "+5.0% +3.0% to +10.0%",
    );
    expect(cellOf([ALL, TWIN, feature(1.05)], "no records")).toBe("+5.0%");
  });

  test("calls noise what the twin does, too, in either direction", () => {
    expect(cellOf([ALL, TWIN, feature(1.02, 1.02)], "no records")).toContain("within the noise");
    expect(cellOf([ALL, TWIN, feature(0.981, 0.981)], "no records")).toContain("within the noise");
    expect(cellOf([ALL, TWIN, feature(1.021, 1.021)], "no records")).not.toContain("noise");
    expect(cellOf([ALL, TWIN, feature(0.979, 0.979)], "no records")).not.toContain("noise");
  });

  test("claims no noise without a twin, nor of the twin itself", () => {
    expect(cellOf([ALL, feature(1, 1)], "no records")).toBe("0.0% 0.0% to 0.0%");
    expect(cellOf([ALL, TWIN], "twin")).toBe("0.0% −2.0% to +1.0%");
  });

  test("has no row for the reference, and no column for what nobody measured", () => {
    expect(cellOf([ALL, TWIN], "all")).toBeUndefined();
    const memory: DuelResult = { id: "m", title: "m", ratios: { memory: [0.9], echo: [] } };
    const { columns } = featureTable([ALL, TWIN, memory]);
    expect(columns.map(({ title }) => title)).toEqual([
      "server",
      "heartbeats\u00A0↑",
      "memory per connection\u00A0↓",
    ]);
  });

  test("a start that measured nothing does not count", () => {
    expect(cellOf([ALL, TWIN, feature(Number.NaN, 1.05)], "no records")).toBe("+5.0%");
    expect(cellOf([ALL, TWIN, feature(Number.NaN)], "no records")).toBe("–");
  });
});
