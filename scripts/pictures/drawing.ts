/**
 * From an option of the chart library to an SVG for a document: no scripts, no fonts from
 * elsewhere, and the same bytes for the same data. Numbers that the library carries on from one
 * picture to the next are taken out.
 */
import { GraphicComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

/** `title` is what a screen reader says. Other parts of the library are the caller's to `use`. */
export function svgOf(title: string, width: number, height: number, option: object): string {
  use([GraphicComponent, SVGRenderer]);
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return withTitle(plain(svg), escaped(title));
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

function withTitle(svg: string, title: string): string {
  const end = svg.indexOf(">");
  const head = `${svg.slice(0, end)} role="img" aria-label="${title}">`;
  return `${head}\n<title>${title}</title>${svg.slice(end + 1)}\n`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
