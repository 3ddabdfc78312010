/**
 * "Break the curse": the committed measurements, drawn.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import { duration, number } from "../text/readable_units.ts";
import { type Chart, type Line, Plot } from "./plot.tsx";

/** What `GET /curse.json` gives. */
interface CurseResults {
  readonly cost: {
    readonly device: string;
    readonly heads: number;
    readonly machine: { readonly cpu: string; readonly date: string };
    readonly costs: readonly {
      readonly method: string;
      readonly n: number;
      readonly prefillMs: number;
      readonly measured: boolean;
      readonly decodeMs?: number;
    }[];
    readonly slopes: readonly {
      readonly method: string;
      readonly prefill: number;
      readonly decode?: number;
    }[];
  };
  readonly recall: {
    readonly recalls: readonly {
      readonly method: string;
      readonly strength: number;
      readonly task: string;
      readonly pairs: number;
      readonly exact: number;
    }[];
  };
  readonly facts: {
    readonly facts: readonly {
      readonly source: string;
      readonly facts: number;
      readonly asked: number;
      readonly exact: number;
    }[];
  };
}

const METHODS = [
  ["softmax", "softmax attention", "soft"],
  ["linear", "linear attention", "plot-1"],
  ["delta", "delta rule", "plot-2"],
  ["gated_delta", "gated delta rule", "plot-3"],
  ["wkv", "RWKV-7", "warm"],
] as const;

const RECALLS = [
  ["softmax", 1, "softmax, cache grows", "soft"],
  ["window", 1, "softmax, same memory", "plot-1"],
  ["linear", 1, "linear attention", "plot-2"],
  ["wkv", 0.25, "RWKV-7, writing gently", "warm"],
] as const;

/** The page of plots. */
export function Curse(): ComponentChild {
  const [results, setResults] = useState<CurseResults | string>();
  useEffect(() => {
    fetch("/curse.json").then((response) => response.json()).then(
      setResults,
      () => setResults("The measurements cannot be had without the server."),
    );
  }, []);
  return (
    <main id="chat" class="curse" aria-label="Break the curse" tabIndex={0}>
      <div class="column">
        <h2>Break the curse</h2>
        <p class="lead">
          Attention compares every token with every token before it: twice the
          text, four times the work, and a cache that grows for ever. A matrix
          of fixed size walks through the text once. Its price: it holds only so
          much.
        </p>
        {typeof results === "string" && <p role="alert">{results}</p>}
        {results instanceof Object && <Plots results={results} />}
      </div>
    </main>
  );
}

function Plots({ results }: { results: CurseResults }): ComponentChild {
  const { cost: { machine, device, heads } } = results;
  return (
    <>
      <div class="plots">
        <section>
          <h3>Reading a text</h3>
          <p>Time by length. Dashed: reckoned, it would have taken too long.</p>
          <Plot chart={prefill(results)} />
        </section>
        <section>
          <h3>One more token</h3>
          <p>Time by the number of tokens before it.</p>
          <Plot chart={decode(results)} />
        </section>
        <section>
          <h3>The catch: a matrix is finite</h3>
          <p>Pairs recalled exactly, by pairs written into one head.</p>
          <Plot chart={recall(results)} />
        </section>
        <section>
          <h3>What the embedded model keeps</h3>
          <p>Facts recalled word for word, by facts told.</p>
          <Plot chart={facts(results)} />
        </section>
      </div>
      <p class="hint">
        Measured on {device}, {machine.cpu}, {machine.date}; {heads}{" "}
        heads of 64. <code>deno task curse</code> measures it all again.
      </p>
    </>
  );
}

function prefill({ cost: { costs, slopes } }: CurseResults): Chart {
  const xs = [...new Set(costs.map(({ n }) => n))].sort((a, b) => a - b);
  const lines = METHODS.flatMap(([id, label, colour]): Line[] => {
    const own = new Map(
      costs.filter(({ method }) => method === id).map((c) => [c.n, c]),
    );
    const slope = slopes.find(({ method }) => method === id)?.prefill ?? 0;
    const until = Math.max(
      ...[...own.values()].filter((c) => c.measured).map((c) => c.n),
    );
    const values = (keep: (n: number) => boolean) =>
      xs.map((n) => keep(n) ? own.get(n)?.prefillMs ?? null : null);
    const name = `${label} ∝ n^${slope.toFixed(2)}`;
    const line = { name, colour, values: values((n) => n <= until) };
    return until === xs.at(-1) ? [line] : [line, {
      name: "the same, reckoned",
      colour,
      dashed: true,
      values: values((n) => n >= until),
    }];
  });
  return logarithmic(
    "Reading time grows with the square of the length for " +
      "softmax attention, and with the length for the others",
    xs,
    lines,
  );
}

function decode({ cost: { costs } }: CurseResults): Chart {
  const xs = [...new Set(costs.map(({ n }) => n))].sort((a, b) => a - b);
  const lines = METHODS.map(([id, label, colour]): Line => ({
    name: label,
    colour,
    values: xs.map((x) =>
      costs.find(({ method, n }) => method === id && n === x)?.decodeMs ?? null
    ),
  }));
  return logarithmic(
    "The next token takes softmax attention longer, the " +
      "longer the text; the others always the same",
    xs,
    lines,
  );
}

function logarithmic(
  label: string,
  xs: readonly number[],
  lines: readonly Line[],
): Chart {
  return {
    label,
    axes: ["tokens", ""],
    xs,
    lines,
    log: true,
    formatX: number,
    formatY: duration,
    height: 300,
  };
}

function recall({ recall: { recalls } }: CurseResults): Chart {
  const own = recalls.filter(({ task }) => task === "once");
  const xs = [...new Set(own.map(({ pairs }) => pairs))].sort((a, b) => a - b);
  return share(
    "Pairs recalled exactly: softmax with a growing cache forgets none, a " +
      "matrix fewer the more it was given, the last pairs alone the fewest",
    ["pairs written", ""],
    xs,
    RECALLS.map(([id, strength, name, colour]) => ({
      name,
      colour,
      values: xs.map((x) =>
        percent(
          own.find((r) =>
            r.method === id && r.strength === strength && r.pairs === x
          )?.exact,
        )
      ),
    })),
  );
}

function facts({ facts: { facts } }: CurseResults): Chart {
  const xs = [...new Set(facts.map((f) => f.facts))].sort((a, b) => a - b);
  const line = (source: string) =>
    xs.map((x) => {
      const found = facts.find((f) => f.source === source && f.facts === x);
      return percent(found && found.exact / found.asked);
    });
  return share(
    "The more facts the embedded model is told, the fewer it recalls exactly",
    ["facts told", ""],
    xs,
    [
      { name: "words of its training", colour: "warm", values: line("seen") },
      {
        name: "words kept out of it",
        colour: "plot-1",
        values: line("held-out"),
      },
    ],
  );
}

function share(
  label: string,
  axes: Chart["axes"],
  xs: readonly number[],
  lines: readonly Line[],
): Chart {
  const formatY = (y: number) => `${y} %`;
  return { label, axes, xs, lines, formatY, height: 300 };
}

function percent(part: number | undefined): number | null {
  return part === undefined ? null : 100 * part;
}
