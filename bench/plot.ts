/**
 * Line charts as SVG, for the results of the benches: a light card of its own, so
 * that it reads on a dark page too, and a palette that colour-blind people can
 * tell apart.
 *
 * @module
 */

/** One axis. */
export interface Axis {
  /** What it shows, with the unit. */
  readonly label: string;
  /** `log` spaces decades evenly; its values must be above 0. */
  readonly scale: "linear" | "log";
  /** Writes a tick's value; {@linkcode short} by default. */
  readonly format?: (value: number) => string;
  /**
   * Least and greatest value; by default those of the points, widened to round
   * ones. A logarithmic axis has a tick at each doubling of the least.
   */
  readonly range?: readonly [low: number, high: number];
}

/** A point `[x, y]`. */
export type Point = readonly [x: number, y: number];

/** One line. */
export interface Series {
  /** Its name in the legend. */
  readonly name: string;
  /** What was measured, by ascending x: a full line with full marks. */
  readonly points: readonly Point[];
  /** What was reckoned, not measured: a dashed line with hollow marks. */
  readonly reckoned?: readonly Point[];
  /** Draws a plain dashed grey line without marks: a bound, or a fit. */
  readonly guide?: boolean;
}

/** A whole chart. */
export interface Chart {
  /** Above the lines. */
  readonly title: string;
  /** Under the title, smaller: where and how it was measured. */
  readonly subtitle: string;
  /** The horizontal axis. */
  readonly x: Axis;
  /** The vertical axis. */
  readonly y: Axis;
  /** The lines, in the legend's order. */
  readonly series: readonly Series[];
}

const WIDTH = 900;
const HEIGHT = 460;
const FRAME = { left: 88, right: 596, top: 74, bottom: 400 };

/** Okabe and Ito's colours, jfly.uni-koeln.de/color, the lightest left out. */
const COLOURS = [
  "#d55e00",
  "#e69f00",
  "#009e73",
  "#0072b2",
  "#cc79a7",
  "#333333",
  "#56b4e9",
];

/** Draws a chart. */
export function plot(chart: Chart): string {
  const all = chart.series.flatMap((s) => [...s.points, ...s.reckoned ?? []]);
  const x = scale(chart.x, all.map(([x]) => x), [FRAME.left, FRAME.right]);
  const y = scale(chart.y, all.map(([, y]) => y), [FRAME.bottom, FRAME.top]);
  const place = ([a, b]: Point): Point => [x.at(a), y.at(b)];

  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}"` +
    ` viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"` +
    ` font-family="system-ui, -apple-system, 'Segoe UI', sans-serif"` +
    ` font-size="13" fill="#444">`,
    `<title>${escape(chart.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="10" fill="#fcfcfb"/>`,
    text([24, 32], chart.title, `font-size="17" font-weight="600" fill="#111"`),
    text([24, 52], chart.subtitle, `fill="#666"`),
  ];

  for (const tick of x.ticks) {
    const at = x.at(tick);
    out.push(line([at, FRAME.top], [at, FRAME.bottom], `stroke="#eceae6"`));
    const label = (chart.x.format ?? short)(tick);
    out.push(text([at, FRAME.bottom + 20], label, `text-anchor="middle"`));
  }
  for (const tick of y.ticks) {
    const at = y.at(tick);
    out.push(line([FRAME.left, at], [FRAME.right, at], `stroke="#eceae6"`));
    const label = (chart.y.format ?? short)(tick);
    out.push(text([FRAME.left - 8, at + 4], label, `text-anchor="end"`));
  }
  const corner: Point = [FRAME.left, FRAME.bottom];
  out.push(line([FRAME.left, FRAME.top], corner, `stroke="#999"`));
  out.push(line(corner, [FRAME.right, FRAME.bottom], `stroke="#999"`));
  const middle = (FRAME.left + FRAME.right) / 2;
  out.push(text([middle, 444], chart.x.label, `text-anchor="middle"`));
  const turned = `text-anchor="middle" transform="rotate(-90 22 237)"`;
  out.push(text([22, 237], chart.y.label, turned));

  let coloured = 0;
  chart.series.forEach((series, index) => {
    const { points, reckoned = [], guide } = series;
    const colour = guide ? "#999" : COLOURS[coloured++ % COLOURS.length];
    const stroke = `stroke="${colour}" stroke-width="${guide ? 1.5 : 2.5}"`;
    const row = FRAME.top + 12 + index * 24;
    const sample = `${stroke}${guide ? ` stroke-dasharray="4 4"` : ""}`;
    out.push(line([616, row], [640, row], sample));
    out.push(text([648, row + 4], series.name));

    out.push(path(points.map(place), sample));
    if (reckoned.length > 0) {
      const bridge = [...points.slice(-1), ...reckoned].map(place);
      out.push(path(bridge, `${stroke} stroke-dasharray="6 5"`));
    }
    if (guide) return;
    for (const p of points) {
      out.push(mark(place(p), `fill="${colour}" stroke="#fcfcfb"`));
    }
    for (const p of reckoned) {
      out.push(mark(place(p), `fill="#fcfcfb" stroke="${colour}"`));
    }
  });
  return [...out, "</svg>", ""].join("\n");
}

/** Writes milliseconds with the unit that suits them: 90 µs, 1.2 ms, 15 s. */
export function duration(ms: number): string {
  if (ms >= 1000) return `${trim(ms / 1000)} s`;
  return ms >= 1 ? `${trim(ms)} ms` : `${trim(ms * 1000)} µs`;
}

/** Writes a tick's value in few characters: 20k, 1M, 0.001. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trim(value / 1e9)}G`;
  if (size >= 1e6) return `${trim(value / 1e6)}M`;
  if (size >= 1e3) return `${trim(value / 1e3)}k`;
  return trim(value);
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}

interface Scale {
  readonly ticks: readonly number[];
  readonly at: (value: number) => number;
}

function scale(
  axis: Axis,
  values: readonly number[],
  [from, to]: readonly [number, number],
): Scale {
  const least = axis.range?.[0] ?? Math.min(...values);
  const most = axis.range?.[1] ?? Math.max(...values);
  if (axis.scale === "log" && !(least > 0)) {
    throw new RangeError(
      `Cannot plot ${axis.label}: ${least} on a logarithmic axis`,
    );
  }
  const { low, high, ticks } = axis.scale === "linear"
    ? steps(least, most)
    : axis.range
    ? halves(least, most)
    : decades(least, most);
  const to01 = axis.scale === "log"
    ? (v: number) => Math.log(v / low) / Math.log(high / low)
    : (v: number) => (v - low) / (high - low);
  return { ticks, at: (v) => from + (to - from) * to01(v) };
}

function decades(least: number, most: number) {
  const first = Math.floor(Math.log10(least) + 1e-9);
  const last = Math.max(Math.ceil(Math.log10(most) - 1e-9), first + 1);
  const ticks = Array.from(
    { length: last - first + 1 },
    (_, i) => Number(`1e${first + i}`),
  );
  return { low: ticks[0], high: ticks[ticks.length - 1], ticks };
}

/** Powers of two from the lower end, for a range below two decades. */
function halves(low: number, high: number) {
  const ticks: number[] = [];
  for (let tick = low; tick <= high; tick *= 2) ticks.push(tick);
  return { low, high, ticks };
}

function steps(least: number, most: number) {
  const rough = (most - least || Math.abs(most) || 1) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ??
    10 * power;
  const first = Math.floor(least / step + 1e-9);
  const last = Math.max(Math.ceil(most / step - 1e-9), first + 1);
  const ticks = Array.from(
    { length: last - first + 1 },
    (_, i) => Number(((first + i) * step).toPrecision(12)),
  );
  return { low: ticks[0], high: ticks[ticks.length - 1], ticks };
}

function line(a: Point, b: Point, style: string): string {
  return `<path d="M${coordinates(a)}L${coordinates(b)}" ${style}/>`;
}

function path(points: readonly Point[], style: string): string {
  const d = points.map(coordinates).join("L");
  return `<path d="M${d}" fill="none" stroke-linejoin="round" ${style}/>`;
}

function mark([x, y]: Point, style: string): string {
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4"` +
    ` stroke-width="1.5" ${style}/>`;
}

function text([x, y]: Point, content: string, style = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${style}>` +
    `${escape(content)}</text>`;
}

function coordinates([x, y]: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
