/**
 * The chart of the README as an SVG: heartbeats per second and memory, one row for each contender.
 *
 * It is looked at on white and on black pages, so it brings its own background. What makes an SVG
 * for a document of it is in scripts/pictures/drawing.ts.
 */
import { CustomChart } from "echarts/charts";
import { GraphicComponent, GridComponent } from "echarts/components";
import { use } from "echarts/core";
import { svgOf } from "../../scripts/pictures/drawing.ts";
import { PICTURE_PADDING, PICTURE_WIDTH } from "../../scripts/pictures/look.ts";
import type { RunResult } from "../results.ts";
import { HEAD_HEIGHT, MEMORY, SPEED, TICK_HEIGHT } from "./chart-look.ts";
import { panelOptions, rowHeight } from "./chart-panel.ts";
import { chartData } from "./chart-rows.ts";
import { CHART_TITLE, footHeight, graphicsOf } from "./chart-texts.ts";

export function chartSvg(result: RunResult): string {
  const data = chartData(result.contenders);
  const rowsEnd = HEAD_HEIGHT + data.rows.length * rowHeight(data.rows) + TICK_HEIGHT;
  const height = rowsEnd + footHeight(result, data) + PICTURE_PADDING / 2;
  const panels = [
    panelOptions(SPEED, 0, data.rows, ({ speed }) => speed, true),
    panelOptions(MEMORY, 1, data.rows, ({ memory }) => memory, false),
  ];
  // What is registered first is drawn first.
  use([CustomChart, GraphicComponent, GridComponent]);
  return svgOf(CHART_TITLE, PICTURE_WIDTH, height, {
    graphic: graphicsOf(result, data, rowsEnd, height),
    grid: panels.map(({ grid }) => grid),
    xAxis: panels.map(({ xAxis }) => xAxis),
    yAxis: panels.map(({ yAxis }) => yAxis),
    series: panels.map(({ series }) => series),
  });
}
