import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { type Chart, duration, plot, short } from "../../../bench/plot.ts";

const CHART: Chart = {
  title: "a < b & c",
  subtitle: "here",
  x: { label: "n", scale: "log" },
  y: { label: "time", scale: "log" },
  series: [{ name: "one", points: [[1, 1], [100, 10]] }],
};

Deno.test("plot() places points by the logarithm on a logarithmic axis", () => {
  const svg = plot({
    ...CHART,
    series: [{ name: "one", points: [[1, 1], [10, 10], [100, 100]] }],
  });
  const places = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)]
    .map(([, x, y]) => [Number(x), Number(y)]);
  const [low, middle, high] = places;
  assertEquals(places.length, 3);
  assertEquals(middle, [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2]);
  assert(high[0] > low[0] && high[1] < low[1]);
});

Deno.test("plot() joins reckoned points by dashes, with hollow marks", () => {
  const [series] = CHART.series;
  const measured = plot(CHART);
  const svg = plot({
    ...CHART,
    series: [{ ...series, reckoned: [[1000, 100]] }],
  });
  assert(!measured.includes("stroke-dasharray"));
  assertStringIncludes(svg, 'stroke-dasharray="6 5"');
  assertEquals(svg.match(/<circle [^>]*fill="#fcfcfb"/g)?.length, 1);
});

Deno.test("plot() escapes what people read", () => {
  assertStringIncludes(plot(CHART), "<title>a &lt; b &amp; c</title>");
});

Deno.test("plot() refuses zero on a logarithmic axis", () => {
  const series = [{ name: "one", points: [[0, 1], [1, 1]] as const }];
  assertThrows(() => plot({ ...CHART, series }), {
    name: "RangeError",
    message: "Cannot plot n: 0 on a logarithmic axis",
  });
});

Deno.test("short() and duration() write few characters", () => {
  assertEquals(
    [0.001, 12, 1234, 20_000, 6_400_000, 1e10].map(short),
    ["0.001", "12", "1.23k", "20k", "6.4M", "10G"],
  );
  assertEquals(
    [0.0901, 1, 47.33, 1000, 917_000].map(duration),
    ["90.1 µs", "1 ms", "47.3 ms", "1 s", "917 s"],
  );
});
