/**
 * Line charts by uPlot, in the page's colours.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { settings } from "../store/settings.ts";

/** One line of a chart. */
export interface Line {
  /** What it shows. */
  readonly name: string;
  /** A colour of the style sheet, by its variable. */
  readonly colour: string;
  /** For each x; null leaves a gap. */
  readonly values: readonly (number | null)[];
  /** Whether it was reckoned and not measured. */
  readonly dashed?: boolean;
}

/** A chart. */
export interface Chart {
  /** What it says, for those who cannot see it. */
  readonly label: string;
  /** What the axes show. */
  readonly axes: readonly [x: string, y: string];
  /** The x of all lines, ascending. */
  readonly xs: readonly number[];
  /** The lines. */
  readonly lines: readonly Line[];
  /** Whether both axes are logarithmic. */
  readonly log?: boolean;
  /** Writes an x. */
  readonly formatX?: (x: number) => string;
  /** Writes a y. */
  readonly formatY?: (y: number) => string;
  /** Pixels. */
  readonly height: number;
}

/** Draws a chart as wide as its place, and the key of its lines. */
export function Plot({ chart }: { chart: Chart }): ComponentChild {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { theme } = settings.value;
  const dark = useDark();
  const { label: _, xs: __, lines, ...frame } = chart;
  const form = JSON.stringify([
    frame,
    lines.map(({ name, colour, dashed }) => [name, colour, dashed]),
  ]);
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const drawn = new uPlot(
      plotOptions(chart, current),
      plotData(chart),
      current,
    );
    plot.current = drawn;
    const sizes = new ResizeObserver(() =>
      drawn.setSize({ width: current.clientWidth, height: chart.height })
    );
    sizes.observe(current);
    return () => {
      sizes.disconnect();
      drawn.destroy();
    };
  }, [form, theme, dark]);
  useEffect(() => plot.current?.setData(plotData(chart)), [chart]);
  return (
    <figure class="plot">
      <div ref={box} role="img" aria-label={chart.label} />
      <figcaption>
        {chart.lines.map(({ name, colour, dashed }) => (
          <span class={dashed ? "key dashed" : "key"} data-colour={colour}>
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

function plotData({ xs, lines }: Chart): uPlot.AlignedData {
  return [[...xs], ...lines.map(({ values }) => [...values])];
}

function useDark(): boolean {
  const query = matchMedia("(prefers-color-scheme: dark)");
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const look = () => setDark(query.matches);
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, []);
  return dark;
}

function plotOptions(chart: Chart, place: HTMLElement): uPlot.Options {
  const { axes: [x, y], lines, log = false, height } = chart;
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const font = `11px ${style.fontFamily}`;
  const axis = (
    label: string,
    size: number,
    format: ((value: number) => string) | undefined,
  ): uPlot.Axis => ({
    label,
    labelSize: 14,
    labelGap: 0,
    labelFont: font,
    font,
    size,
    stroke: colour("soft"),
    grid: { stroke: colour("line"), width: 1, ...log && { filter: decades } },
    ticks: {
      stroke: colour("line"),
      size: 4,
      width: 1,
      ...log && { filter: decades },
    },
    ...format && {
      values: (_: uPlot, ticks: (number | null)[]) =>
        ticks.map((tick) => tick === null ? "" : format(tick)),
    },
  });
  const scale: uPlot.Scale = log ? { distr: 3 } : {};
  return {
    width: place.clientWidth,
    height,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, ...scale },
      y: log ? scale : { range: (_, __, max) => [0, (max || 1) * 1.08] },
    },
    axes: [axis(x, 28, chart.formatX), axis(y, 56, chart.formatY)],
    series: [
      {},
      ...lines.map(({ colour: name, dashed }): uPlot.Series => ({
        stroke: colour(name),
        width: 2,
        spanGaps: true,
        points: {
          // One point alone makes no line.
          show: ({ data: [xs] }) => xs.length < 2 || log && !dashed,
          size: 5,
        },
        ...(dashed && { dash: [5, 5] }),
      })),
    ],
  };
}

/** Leaves only whole decades to a logarithmic axis. */
function decades(_: uPlot, splits: number[]): (number | null)[] {
  return splits.map((value) => Number.isInteger(decade(value)) ? value : null);
}

function decade(value: number): number {
  return Math.round(1e9 * Math.log10(value)) / 1e9;
}
