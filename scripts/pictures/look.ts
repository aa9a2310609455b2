/**
 * How every picture of the documents looks. They are looked at on white and on black pages, so each
 * brings its own paper; whoever looks has other fonts, so texts have more room than they need.
 */
export const FONT = "-apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";
export const INK = "#1f2328";
export const FAINT_INK = "#59636e";
export const PAPER = "#ffffff";
export const EDGE = "#d1d9e0";
export const RULE = "#e6eaef";

/** That of a page on GitHub. */
export const PICTURE_WIDTH = 900;
export const PICTURE_PADDING = 28;
