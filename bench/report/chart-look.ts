/**
 * Where everything of the chart stands, and how it looks. What it has in common with other pictures
 * is in scripts/pictures/look.ts.
 *
 * All measures are pixels at a width of 900, that of a page on GitHub. Texts cannot be measured
 * here, since whoever looks has other fonts: each has more room than it needs.
 */
import type { ContenderResult } from "../results.ts";

/** Title, two lines below it, and the titles of the panels with the legend beside them. */
export const HEAD_HEIGHT = 148;
export const TITLE_AT = 36;
export const SUBTITLE_AT = 62;
export const PANEL_TITLE_AT = 118;
export const LINE_HEIGHT = 18;

export const ROW_HEIGHT_MIN = 30;
export const NAME_LINE_HEIGHT = 14;
export const BAR_HEIGHT = 16;
export const CAP_HEIGHT = 7;
export const TICK_HEIGHT = 26;
export const GAP = 8;

export interface Panel {
  readonly left: number;
  readonly width: number;
}

/** Names stand left of the first panel. */
export const SPEED: Panel = { left: 290, width: 300 };
export const MEMORY: Panel = { left: 624, width: 248 };

/** Right of the longest bar and its whisker, for the value. */
export const VALUE_WIDTH = 56;

/** Characters; longer names get a second line. */
export const NAME_LENGTH_MAX = 36;
export const FOOT_LENGTH_MAX = 128;

export const WHISKER = "#24292f";

export const COLOURS: Readonly<Record<ContenderResult["group"], string>> = {
  holdfast: "#0a66c2",
  peer: "#d3b583",
  reference: "#a3abb4",
};

export const GROUP_TITLES: Readonly<Record<ContenderResult["group"], string>> = {
  holdfast: "Holdfast",
  peer: "peers",
  reference: "references",
};
