/** What pictures are made of, as elements of the chart library; scales from values to pixels. */
import { EDGE, FONT, INK, PAPER } from "./look.ts";

type Point = readonly [x: number, y: number];

interface TextStyle {
  readonly size?: number;
  readonly isBold?: boolean;
  readonly fill?: string;
  readonly align?: "center" | "left" | "right";
}

/** The edge is half a pixel inside, so that it is one pixel wide. */
export function paper(width: number, height: number): object {
  return {
    type: "rect",
    silent: true,
    z: -1,
    shape: { x: 0.5, y: 0.5, width: width - 1, height: height - 1, r: 8 },
    style: { fill: PAPER, stroke: EDGE, lineWidth: 1 },
  };
}

/** `y` is the middle of the line. */
export function text(content: string, x: number, y: number, look: TextStyle = {}): object {
  const { size = 12, isBold = false, fill = INK, align } = look;
  const font = `${isBold ? "bold " : ""}${size}px ${FONT}`;
  const style = { text: content, font, fill, verticalAlign: "middle" };
  return {
    type: "text",
    silent: true,
    x,
    y,
    style: align === undefined ? style : { ...style, align },
  };
}

export function bar(from: Point, to: Point, fill: string, radius: number = 0): object {
  const [[x, y], [endX, endY]] = [from, to];
  const shape = { x, y, width: endX - x, height: endY - y, r: radius };
  return { type: "rect", silent: true, shape, style: { fill } };
}

export function line(from: Point, to: Point, stroke: string, dash?: readonly number[]): object {
  const [[x1, y1], [x2, y2]] = [from, to];
  const style = { stroke, lineWidth: 1, ...(dash === undefined ? {} : { lineDash: dash }) };
  return { type: "line", silent: true, shape: { x1, y1, x2, y2 }, style };
}

export function curve(points: readonly Point[], stroke: string, dash?: readonly number[]): object {
  const style = { stroke, fill: "none", lineWidth: 2 };
  const dashed = dash === undefined ? style : { ...style, lineDash: dash };
  return { type: "polyline", silent: true, shape: { points }, style: dashed };
}

/** Between two curves over the same places. */
export function band(lower: readonly Point[], upper: readonly Point[], fill: string): object {
  const points = [...lower, ...upper.toReversed()];
  return { type: "polygon", silent: true, shape: { points }, style: { fill, opacity: 0.22 } };
}

export function dot([cx, cy]: Point, r: number, fill: string, opacity: number = 1): object {
  return { type: "circle", silent: true, shape: { cx, cy, r }, style: { fill, opacity } };
}

export function ring([cx, cy]: Point, r: number, stroke: string): object {
  const style = { fill: PAPER, stroke, lineWidth: 2 };
  return { type: "circle", silent: true, shape: { cx, cy, r }, style };
}

type Scale = (value: number) => number;

export function linear(most: number, start: number, end: number): Scale {
  return (value) => start + ((end - start) * value) / most;
}

export function logarithmic(least: number, most: number, start: number, end: number): Scale {
  return (value) => start + ((end - start) * Math.log(value / least)) / Math.log(most / least);
}
