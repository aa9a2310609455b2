/** What an idle connection costs in a day, against the interval: wake-ups, and bytes. */
import { svgOf } from "./drawing.ts";
import { FAINT_INK, PICTURE_PADDING, PICTURE_WIDTH, RULE } from "./look.ts";
import { bar, line, linear, paper, text } from "./shapes.ts";

export interface CostRow {
  readonly title: string;
  readonly pingsPerDay: number;
  /** Pings, and probes of the kernel that come between them. */
  readonly wakeupsPerDay: number;
  readonly wireBytesPerDay: number;
}

const ROW_HEIGHT = 28;
const BAR_HEIGHT = 14;
const HEAD = 128;
const FOOT = 58;
const NAMES_END = 112;
const WAKEUPS = { from: 124, to: 420 };
const BYTES = { from: 566, to: 770 };
const PING = "#0a66c2";
const PROBE = "#9ec5f0";
const WIRE = "#1a7f37";

export function costTitle(rows: readonly CostRow[]): string {
  const said = rows.map(
    ({ title, pingsPerDay, wireBytesPerDay }) =>
      `${title}: ${whole(pingsPerDay)} pings, ${kibibytes(wireBytesPerDay)}`,
  );
  return `What an idle connection costs in a day, by interval. ${said.join("; ")}.`;
}

export function costSvg(rows: readonly CostRow[]): string {
  const height = HEAD + rows.length * ROW_HEIGHT + FOOT;
  const wakeups = linear(most(rows, "wakeupsPerDay"), WAKEUPS.from, WAKEUPS.to);
  const bytes = linear(most(rows, "wireBytesPerDay"), BYTES.from, BYTES.to);
  const end = HEAD + rows.length * ROW_HEIGHT;
  const shapes = [
    ...head(height),
    line([WAKEUPS.from, HEAD], [WAKEUPS.from, end], RULE),
    line([BYTES.from, HEAD], [BYTES.from, end], RULE),
  ];
  for (const [index, row] of rows.entries()) {
    const middle = HEAD + (index + 0.5) * ROW_HEIGHT;
    const [top, bottom] = [middle - BAR_HEIGHT / 2, middle + BAR_HEIGHT / 2];
    const { title, pingsPerDay, wakeupsPerDay, wireBytesPerDay } = row;
    const probes = wakeupsPerDay - pingsPerDay;
    const label = probes > 0 ? `${whole(pingsPerDay)} + ${whole(probes)}` : whole(pingsPerDay);
    shapes.push(
      text(title, NAMES_END, middle, { align: "right" }),
      bar([WAKEUPS.from, top], [wakeups(wakeupsPerDay), bottom], PROBE),
      bar([WAKEUPS.from, top], [wakeups(pingsPerDay), bottom], PING),
      text(label, wakeups(wakeupsPerDay) + 8, middle),
      bar([BYTES.from, top], [bytes(wireBytesPerDay), bottom], WIRE),
      text(kibibytes(wireBytesPerDay), bytes(wireBytesPerDay) + 8, middle),
    );
  }
  shapes.push(...foot(end));
  return svgOf(costTitle(rows), PICTURE_WIDTH, height, { graphic: shapes });
}

function head(height: number): object[] {
  const [size, y] = [12, 78];
  return [
    paper(PICTURE_WIDTH, height),
    text("What an idle connection costs in a day", PICTURE_PADDING, 34, { size: 18, isBold: true }),
    text("interval", NAMES_END, HEAD - 14, { size: 11, fill: FAINT_INK, align: "right" }),
    text("Wake-ups", WAKEUPS.from, y, { size: 13, isBold: true }),
    bar([WAKEUPS.from, y + 16], [WAKEUPS.from + size, y + 16 + size], PING, 2),
    text("pings", WAKEUPS.from + 18, y + 22),
    bar([WAKEUPS.from + 66, y + 16], [WAKEUPS.from + 66 + size, y + 16 + size], PROBE, 2),
    text("probes of the kernel's keepalive between them", WAKEUPS.from + 84, y + 22),
    text("Bytes on the wire", BYTES.from, y, { size: 13, isBold: true }),
    text("both directions, with headers", BYTES.from, y + 22, { fill: FAINT_INK }),
  ];
}

function foot(end: number): object[] {
  const faint = { size: 11, fill: FAINT_INK } as const;
  return [
    text(
      "Keepalive after 60 s, as by default: above that it wakes the line as often as a ping of " +
        "60 s would. An adaptive interval moves it out of the way.",
      PICTURE_PADDING,
      end + 20,
      faint,
    ),
    text(
      "Frames over IPv4 and TCP with timestamps; each ping and each answer acknowledged by a " +
        "packet of its own, which is the worst case.",
      PICTURE_PADDING,
      end + 38,
      faint,
    ),
  ];
}

function most(rows: readonly CostRow[], key: "wakeupsPerDay" | "wireBytesPerDay"): number {
  return Math.max(...rows.map((row) => row[key]));
}

function whole(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

function kibibytes(bytes: number): string {
  return `${whole(bytes / 1_024)} KiB`;
}
