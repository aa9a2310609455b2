/**
 * The chart of the README as an SVG: heartbeats per second and memory, one row for each contender.
 *
 * It is looked at on white and on black pages, so it brings its own background. No scripts, no
 * fonts from elsewhere, and the same bytes for the same result: numbers that the chart library
 * carries on from one chart to the next are taken out.
 */
import { CustomChart } from "echarts/charts";
import { GraphicComponent, GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { RunResult } from "../results.ts";
import { HEAD_HEIGHT, MEMORY, PADDING, SPEED, TICK_HEIGHT, WIDTH } from "./chart-look.ts";
import { panelOptions, rowHeight } from "./chart-panel.ts";
import { chartData } from "./chart-rows.ts";
import { CHART_TITLE, footHeight, graphicsOf } from "./chart-texts.ts";

export function chartSvg(result: RunResult): string {
  const data = chartData(result.contenders);
  const rowsEnd = HEAD_HEIGHT + data.rows.length * rowHeight(data.rows) + TICK_HEIGHT;
  const height = rowsEnd + footHeight(result, data) + PADDING / 2;
  const panels = [
    panelOptions(SPEED, 0, data.rows, ({ speed }) => speed, true),
    panelOptions(MEMORY, 1, data.rows, ({ memory }) => memory, false),
  ];
  use([CustomChart, GraphicComponent, GridComponent, SVGRenderer]);
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    graphic: graphicsOf(result, data, rowsEnd, height),
    grid: panels.map(({ grid }) => grid),
    xAxis: panels.map(({ xAxis }) => xAxis),
    yAxis: panels.map(({ yAxis }) => yAxis),
    series: panels.map(({ series }) => series),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return withTitle(plain(svg));
}

/**
 * Without what is for the library's own script in a page: classes with running numbers, their
 * styles, data of series. And with baselines as every viewer understands them.
 */
function plain(svg: string): string {
  return svg
    .replace(/<style[\s\S]*<\/style>\s*/, "")
    .replaceAll(/ (?:class|ecmeta_\w+|pointer-events)="[^"]*"/g, "")
    .replaceAll(' dominant-baseline="central"', ' dy="0.35em"')
    .replaceAll(/\bzr\d+-/g, "chart-");
}

/** What a screen reader says of it. */
function withTitle(svg: string): string {
  const end = svg.indexOf(">");
  const head = `${svg.slice(0, end)} role="img" aria-label="${CHART_TITLE}">`;
  return `${head}\n<title>${CHART_TITLE}</title>${svg.slice(end + 1)}\n`;
}
