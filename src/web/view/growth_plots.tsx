/**
 * Two flat lines: what the memory weighs, and what a turn costs, however long
 * the conversation is.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useMemo } from "preact/hooks";
import type { Model } from "../chat/server_state.ts";
import type { StoredTurn } from "../store/stored_turn.ts";
import { duration, formatSize, number } from "../text/readable_units.ts";
import { type Chart, Plot } from "./plot.tsx";

interface Props {
  readonly path: readonly StoredTurn[];
  readonly model: Model | undefined;
}

const HEIGHT = 150;

/** Size and time, turn by turn. */
export function Growth({ path, model }: Props): ComponentChild {
  const last = path.at(-1);
  const size = useMemo(() => sizeChart(path, model), [path, model]);
  const time = useMemo(() => timeChart(path), [path]);
  if (last === undefined || model === undefined) return null;
  const cache = cacheBytes(model, last.position);
  return (
    <>
      <section aria-labelledby="size-title">
        <h3 id="size-title">What it weighs</h3>
        <div class="scales">
          <p>
            <b class="warm">{formatSize(last.bytes)}</b>
            <span>this save, {last.codec}</span>
          </p>
          <p>
            <b>{formatSize(cache)}</b>
            <span>
              a transformer's KV cache of the same shape, f16, at{" "}
              {number(last.position)} tokens
            </span>
          </p>
        </div>
        <Plot chart={size} />
      </section>
      {time.xs.length > 0 && (
        <section aria-labelledby="time-title">
          <h3 id="time-title">What a turn costs</h3>
          <Plot chart={time} />
        </section>
      )}
    </>
  );
}

/** Keys and values of every token, in every layer, two bytes each. */
function cacheBytes({ shape }: Model, position: number): number {
  return 2 * 2 * shape.layers * shape.width * position;
}

function sizeChart(
  path: readonly StoredTurn[],
  model: Model | undefined,
): Chart {
  const last = path.at(-1);
  return {
    label: `The save has ${formatSize(last?.bytes ?? 0)} at every length; ` +
      "a KV cache grows with every token",
    axes: ["tokens read", ""],
    xs: path.map(({ position }) => position),
    lines: [
      {
        name: "save",
        colour: "warm",
        values: path.map((turn) => turn.bytes),
      },
      {
        name: "KV cache",
        colour: "soft",
        dashed: true,
        values: path.map(({ position }) =>
          model === undefined ? null : cacheBytes(model, position)
        ),
      },
    ],
    formatX: number,
    formatY: formatSize,
    height: HEIGHT,
  };
}

function timeChart(path: readonly StoredTurn[]): Chart {
  const turns = path.filter(({ kind }) => kind !== "import");
  // The fastest reading seen: reading again would hardly be slower than that.
  const tokenMs = Math.min(
    ...turns.filter(({ read }) => read > 0).map(({ ms, read }) =>
      ms.read / read
    ),
  );
  return {
    label: `Time of ${turns.length} turns: it does not grow with their number`,
    axes: ["turn", ""],
    xs: turns.map((_, i) => i + 1),
    lines: [
      {
        name: "this turn, measured",
        colour: "warm",
        values: turns.map(({ ms }) => ms.read + ms.write + ms.seal),
      },
      {
        name: "reading all of it again, reckoned",
        colour: "soft",
        dashed: true,
        values: turns.map(({ position }) =>
          Number.isFinite(tokenMs) ? tokenMs * position : null
        ),
      },
    ],
    formatX: (x) => Number.isInteger(x) ? String(x) : "",
    formatY: duration,
    height: HEIGHT,
  };
}
