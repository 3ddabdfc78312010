/**
 * The table of `bench/peers.ts`.
 *
 * @module
 */

import type { Quantization } from "../../src/device/device.ts";
import type { Machine } from "../machine.ts";
import { median } from "../speed.ts";
import { table } from "../table.ts";
import type { Answer } from "./protocol.ts";

/** What both answered to one question in one round. */
export interface PeerFigure {
  readonly model: string;
  readonly quantization: Quantization;
  readonly lanes: number;
  /** What was asked. */
  readonly part: string;
  /** Absent where only the other one has something to tell. */
  readonly ours?: Answer | undefined;
  readonly theirs: Answer | undefined;
  readonly round?: number;
  /** Load average of the machine before the round. */
  readonly busy?: number;
}

/** Where, when and with what a run was taken: the first line of its log. */
export interface PeerRun extends Machine {
  readonly threads: number;
  /** llama.cpp's version. */
  readonly llama: string;
}

/** How llama.cpp keeps what we keep so. */
const THEIRS: Record<Quantization, string> = {
  none: "F16",
  int8: "Q8_0",
  int4: "Q4_0",
};

/** What an answer's figure is, and how many decimals it is worth. */
const FIGURES: readonly (readonly [key: string, name: string, unit: string])[] =
  [
    ["prefill", "prefill", "tok/s"],
    ["decode", "decode", "tok/s"],
    ["prefillCpu", "prefill", "tokens a CPU second"],
    ["decodeCpu", "decode", "tokens a CPU second"],
    ["firstTokenMs", "to the first token", "ms"],
    ["peakMb", "peak memory", "MB"],
  ];

/** Medians over the rounds, and the median of the rounds' ratios. */
export function peersPage(
  { threads, llama, ...about }: PeerRun,
  figures: readonly PeerFigure[],
): string {
  const groups = Map.groupBy(
    figures,
    ({ model, quantization, lanes, part }) =>
      [model, quantization, lanes, part].join(),
  );
  const rows = [...groups.values()].flatMap((group) =>
    FIGURES.flatMap(([key, name, unit]) => row(group, key, `${name}, ${unit}`))
  );
  const busy = figures.flatMap(({ busy }) => busy ?? []);
  return [
    "# llama.cpp beside the wasm device",
    `${about.cpu}, ${threads} ${
      threads === 1 ? "thread" : "threads"
    } each · ${about.runtime} · llama.cpp ` +
    `${llama} · ${about.date} · ${about.commit}`,
    "Medians of rounds taken in turn, and the median of the rounds' ratios, ours " +
    "over llama.cpp's: more is better for tokens a second, less for ms and MB. " +
    `Load average before a round: ${Math.min(...busy)} to ${
      Math.max(...busy)
    }, of ${about.cores} cores. Each round is in the \`.jsonl\` file beside this ` +
    "page; [what is compared](../../peers.md), and why " +
    "tokens a CPU second alone mean something on a machine that is not idle.",
    table(
      ["model", "matrices", "asked", "rounds", "ours", "llama.cpp", "ratio"],
      rows,
    ),
  ].join("\n\n") + "\n";
}

function row(
  group: readonly PeerFigure[],
  key: string,
  name: string,
): string[][] {
  const ours = group.flatMap((figure) => figure.ours?.[key] ?? []);
  const theirs = group.flatMap((figure) => figure.theirs?.[key] ?? []);
  if (theirs.length === 0) return [];
  const [{ model, quantization, lanes, part }] = group;
  const digits = (values: readonly number[]) =>
    values.length === 0 ? "" : `${Number(median(values).toPrecision(3))}`;
  const ratios = ours.map((value, i) => value / theirs[i]);
  return [[
    lanes > 1 ? `${model}, ${lanes} conversations` : model,
    `${quantization} / ${THEIRS[quantization]}`,
    `${part}: ${name}`,
    `${theirs.length}`,
    digits(ours),
    digits(theirs),
    ratios.length === 0 ? "" : median(ratios).toFixed(2),
  ]];
}
