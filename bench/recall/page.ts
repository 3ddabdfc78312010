/**
 * The results as a page, a heat map for each kind of haystack, and a plot.
 *
 * @module
 */

import type { Quantization } from "../../src/device/device.ts";
import { OFFICIAL_SIZES } from "../../src/hub/official_models.ts";
import type { CodecName } from "../../src/state/save.ts";
import { formatBytes, formatCount } from "../../src/text/format_units.ts";
import { heatMap } from "../heat_map.ts";
import type { Machine } from "../machine.ts";
import { plot, short } from "../plot.ts";
import { table } from "../table.ts";
import { BETWEEN, FRESH_KINDS } from "./fresh.ts";
import { type End, endOf, type Remembered, WHOLE } from "./distance.ts";
import { type Language, LANGUAGES, TASKS } from "./haystack.ts";
import type {
  CellScore,
  ChatResult,
  FarResult,
  NeedleResult,
} from "./measure.ts";
import type { Found } from "./needles.ts";
import type { Cost } from "./subject.ts";
import { KINDS, OTHERS } from "./talk.ts";

/** One way to write states and weights, and what it remembers. */
export interface FormatResult {
  /** How states are written. */
  readonly codec: CodecName;
  /** How matrices are kept. */
  readonly quantization: Quantization;
  /** Every cell. */
  readonly scores: readonly CellScore[];
  /** Bytes of the largest save. */
  readonly largestSave: number;
}

/** All that was measured of one model. */
export interface Results {
  /** Where and when. */
  readonly machine: Machine;
  /** The command of each part. */
  readonly commands: Readonly<Record<string, string>>;
  /** What was measured. */
  readonly model: {
    readonly id: string;
    readonly fingerprint: string;
    readonly parameters: number;
    readonly quantization: Quantization;
    readonly device: string;
    readonly codec: CodecName;
  };
  /** Facts in conversation. */
  readonly chat?: ChatResult;
  /** Several facts in a sentence, two of a kind, and what is no fact. */
  readonly fresh?: ChatResult;
  /** Needles in haystacks. */
  readonly needles?: NeedleResult;
  /** Facts at growing distances. */
  readonly far?: FarResult;
  /** The same questions by codec and by matrix format. */
  readonly formats?: readonly FormatResult[];
}

/** The files, by name. */
export function draw(results: Results): Readonly<Record<string, string>> {
  const { machine, commands, model, chat, fresh, needles, far, formats } =
    results;
  const files: Record<string, string> = {};
  const page = [
    `# What ${model.id} remembers`,
    `${
      [...new Set(Object.values(commands))].map((line) => `\`${line}\``)
        .join(", ")
    } · ${formatCount(model.parameters)} parameters, matrices ` +
    `${model.quantization === "none" ? "as stored" : model.quantization}, ` +
    `model ${model.fingerprint.slice(0, 12)} · ${model.device}, ` +
    `${machine.cpu} · ${machine.runtime} · ${machine.date} · ${machine.commit}`,
    `Every turn goes through a sealed \`${model.codec}\` token and draws ` +
    "greedily. Answers are judged by rules, never by a model: every value asked " +
    "for has to be in the answer as whole words, and none that was corrected or " +
    "taken back; where nothing was told, the answer has to say so and must not " +
    "have a value of that kind. Texts are generated from a seed " +
    "([how](../../recall/)).",
    ...chat ? chatPart(chat) : [],
    ...fresh ? freshPart(fresh) : [],
    ...needles ? needlePart(needles, model.id, files) : [],
    ...far ? farPart(far, model.id, files) : [],
    ...formats ? formatPart(formats) : [],
    ...chat || fresh || needles || far ? [costPart(results)] : [],
    officialPart(),
    ...wrongPart([...chat?.wrong ?? [], ...fresh?.wrong ?? []]),
  ].join("\n\n");
  return { ...files, "README.md": `${page}\n` };
}

function chatPart({ scores }: ChatResult): string[] {
  const after = (row: string) =>
    [
      ...new Set(
        scores.flatMap(({ cell }) =>
          cell.row === row && "after" in cell ? [cell.after] : []
        ),
      ),
    ].sort((a, b) => a - b);
  const distances = (row: string) => {
    const shown = after(row);
    return table(
      [`${row}, asked after`, ...shown.map(String)],
      KINDS.map((kind) => [
        kind,
        ...shown.map((n) =>
          percent(
            scores.filter((s) =>
              s.kind === kind && s.cell.row === row && "after" in s.cell &&
              s.cell.after === n
            ),
          )
        ),
      ]),
    );
  };
  const rows = ["overwritten", "kept", "forgotten", "ten facts"];
  const of = (row: string, kind: string) =>
    scores.filter((s) => s.kind === kind && s.cell.row === row);
  const all = (kind: string) => scores.filter((s) => s.kind === kind);
  return [
    "## Facts in conversation",
    "*After* counts the messages, each answered, between the last fact and the " +
    "question. Only *seen values* were met in the embedded model's training; to " +
    "other models all are new. *All six*: what is known about the user, and the " +
    "answer must have all of it and nothing else. *Overwritten*, *kept* and *forgotten*: six facts, " +
    "five messages, two facts corrected or taken back, twenty messages. " +
    `*Choice*: of four replies, one with the value told and ${OTHERS} with ` +
    "others, the likeliest a token; chance is 25 %.",
    distances("one fact"),
    distances("six facts"),
    distances("all six"),
    distances("unknown"),
    table(["", ...KINDS], [
      ...rows.map((row) => [
        row,
        ...KINDS.map((kind) => percent(of(row, kind))),
      ]),
      [
        "the old value comes back",
        ...KINDS.map((kind) => {
          const some = [...of("overwritten", kind), ...of("forgotten", kind)];
          return share(sum(some, "stale"), sum(some, "asked"));
        }),
      ],
      [
        "choice",
        ...KINDS.map((kind) => choiceShare(all(kind))),
      ],
      [
        "of the right answers, word for word the embedded model's",
        ...KINDS.map((kind) =>
          share(sum(all(kind), "exact"), sum(all(kind), "right"))
        ),
      ],
    ]),
  ];
}

function freshPart({ scores }: ChatResult): string[] {
  const rows = [
    "several in one sentence",
    "two of a kind",
    "out of scope",
    "small talk",
  ];
  const of = (row: string, kind: string) =>
    scores.filter((s) => s.kind === kind && s.cell.row === row);
  return [
    "## Sentences, pairs, and what is no fact",
    "Fresh sets, which the training grammar never draws. *Several " +
    "in one sentence*: two or three facts, each asked for after " +
    `${BETWEEN} messages. *Two of a kind*: two pets or siblings, and the answer ` +
    "must have both names. *Out of scope*: questions and orders that a small " +
    "model can only decline; three facts are known, and an answer that states a " +
    "fact about the user is wrong. *Small talk*: lines whose reply has to " +
    "have a word that fits.",
    table(["", ...FRESH_KINDS], [
      ...rows.map((row) => [
        row,
        ...FRESH_KINDS.map((kind) => percent(of(row, kind))),
      ]),
      ...["out of scope", "small talk"].map((row) => [
        `${row}: states a fact about the user`,
        ...FRESH_KINDS.map((kind) =>
          share(sum(of(row, kind), "claims"), sum(of(row, kind), "asked"))
        ),
      ]),
    ]),
  ];
}

const IN = {
  talk: "facts in small talk",
  prose: "codes in prose",
} as const satisfies Record<Language, string>;

function needlePart(
  { found }: NeedleResult,
  id: string,
  files: Record<string, string>,
): string[] {
  const parts = [
    "## Needles in haystacks",
    "RULER's tasks (arXiv:2404.06654) with texts of our own: *talk* is small talk " +
    "in the embedded model's grammar with facts about the user in it, *prose* " +
    "plain sentences with access codes and registers. A save is sealed and opened " +
    "every 256 tokens. *Whole*: the same text sent as one request. *Blank*: no " +
    "text, what guessing gives. Figures are mean shares of the values asked for, " +
    "over as many haystacks as stand in brackets; a single needle that lay at " +
    "several depths is at 50 % here. Small talk has one value a fact and no chains, " +
    "so two of the tasks have no form in it.",
  ];
  for (const language of LANGUAGES) {
    const deep = found.filter((one) =>
      one.language === language && one.depth !== undefined
    );
    if (deep.length > 0) {
      const name = `depth-${language}.svg`;
      files[name] = depthMap(deep, language, id);
      parts.push(`![Recall by length and depth, ${IN[language]}](${name})`);
    }
  }
  const sizes = unique(found.map(({ size }) => size));
  const rows = LANGUAGES.flatMap((language) =>
    TASKS.flatMap((task) => {
      // Like is compared with like: the depth at which the text was sent whole.
      const some = found.filter((one) =>
        one.language === language && one.task === task &&
        (one.depth === undefined || one.whole !== undefined)
      );
      if (some.length === 0) return [];
      const cells = sizes.map((size) =>
        threeWays(some.filter((one) => one.size === size))
      );
      return [[`${language}, ${task}`, ...cells]];
    })
  );
  parts.push(
    table(["saves / whole / blank, %", ...sizes.map(tokens)], rows),
  );
  return parts;
}

/** Means through saves, from the whole text and from none, and of how many. */
function threeWays(found: readonly Found[]): string {
  if (found.length === 0) return "";
  const ways = (["saved", "whole", "blank"] as const).map((way) => {
    const shares = found.map((one) => one[way])
      .filter((share) => share !== undefined);
    return shares.length === 0 ? "–" : `${Math.round(100 * mean(shares))}`;
  });
  return `${ways.join(" / ")} (${found.length})`;
}

function depthMap(
  found: readonly Found[],
  language: Language,
  id: string,
): string {
  const sizes = unique(found.map(({ size }) => size));
  const depths = unique(found.map(({ depth = 0 }) => depth));
  const each = found.length / sizes.length / depths.length;
  return heatMap({
    title: `One needle, by length and depth: ${id}`,
    subtitle: `${
      IN[language]
    }; ${each} haystacks a cell, a save every 256 tokens`,
    x: { label: "tokens", names: sizes.map(tokens) },
    y: {
      label: "depth",
      names: depths.map((depth) => `${Math.round(100 * depth)} %`),
    },
    cells: depths.map((depth) =>
      sizes.map((size) => {
        const some = found.filter((one) =>
          one.size === size && one.depth === depth
        );
        return some.length === 0
          ? undefined
          : mean(some.map((one) => one.saved));
      })
    ),
  });
}

function farPart(
  { remembered }: FarResult,
  id: string,
  files: Record<string, string>,
): string[] {
  const counts = unique(remembered.map(({ facts }) => facts));
  const lines = counts.map((facts) => ({
    facts,
    rows: remembered.filter((row) => row.facts === facts),
  }));
  files["distance.svg"] = plot({
    title: `How far back ${id} remembers`,
    subtitle: "facts told, then small talk with a save every 256 tokens",
    x: { label: "tokens since the last fact", scale: "log" },
    y: {
      label: "facts recalled, %",
      scale: "linear",
      range: [0, 100],
    },
    series: lines.flatMap(({ facts, rows }) => {
      const points = rows.map((
        { distance, right, asked },
      ) => [distance, 100 * right / asked] as const);
      const { half } = endOf(rows);
      return [
        { name: factsText(facts), points },
        ...half === undefined ? [] : [{
          name: `${factsText(facts)}: under half at ${tokens(half)}`,
          points: [[half, 0], [half, 100]] as const,
          guide: true,
        }],
      ];
    }),
  });
  const distances = unique(remembered.map(({ distance }) => distance));
  return [
    "## How far back",
    "“Infinite” is how long a text may be, not how long a fact lasts. Facts told " +
    "at the beginning, then small talk, and every fact asked for on the way " +
    "([log](distance.log)):",
    "![Recall against distance](distance.svg)",
    table(
      ["tokens since", ...distances.map(tokens)],
      lines.map(({ facts, rows }) => [
        factsText(facts),
        ...distances.map((distance) => {
          const row = rows.find((row) => row.distance === distance);
          return row === undefined ? "" : share(row.right, row.asked);
        }),
      ]),
    ),
    lines.map(({ facts, rows }) => ending(facts, rows)).join(" "),
  ];
}

function ending(facts: number, rows: readonly Remembered[]): string {
  const { whole, half }: End = endOf(rows);
  const last = rows.at(-1)?.distance ?? 0;
  return `${factsText(facts)}: ${
    whole === undefined
      ? "fewer than 95 % are right from the first question on"
      : `at least ${100 * WHOLE} % are right up to ${tokens(whole)} tokens`
  }, and ${
    half === undefined
      ? `at least half still at ${tokens(last)}, the end of the measurement`
      : `fewer than half at ${tokens(half)}: there it ends`
  }.`;
}

function factsText(facts: number): string {
  return facts === 1
    ? "One fact"
    : facts === 6
    ? "Six facts"
    : `${facts} facts`;
}

function formatPart(formats: readonly FormatResult[]): string[] {
  return ["## By codec and by matrix format", FORMATS, formatTable(formats)];
}

/** What {@linkcode formatTable} shows. */
export const FORMATS =
  "The same conversations with states written by each codec, and with matrices " +
  "as integers. *Recall*: all questions about facts told; *never told*: those " +
  "about others; *choice*: of four replies with different values the one told is " +
  "the likeliest, and chance is 25 %.";

/** What is remembered by codec and by matrix format. */
export function formatTable(formats: readonly FormatResult[]): string {
  return table(
    [
      "codec, matrices",
      "recall",
      "after 100 messages",
      "never told",
      "choice",
      "largest save",
    ],
    formats.map(({ codec, quantization, scores, largestSave }) => {
      const told = scores.filter(({ cell: { row } }) =>
        row !== "unknown" && row !== "forgotten"
      );
      return [
        `${codec}, ${quantization === "none" ? "as stored" : quantization}`,
        percent(told),
        percent(
          told.filter(({ cell }) => "after" in cell && cell.after === 100),
        ),
        percent(scores.filter(({ cell }) => cell.row === "unknown")),
        choiceShare(scores),
        formatBytes(largestSave),
      ];
    }),
  );
}

function costPart({ chat, fresh, needles, far }: Results): string {
  const rows = Object.entries({
    "facts in conversation": chat,
    "sentences, pairs, no facts": fresh,
    "needles in haystacks": needles,
    "how far back": far,
  }).flatMap(([name, part]) => part ? [costRow(name, part)] : []);
  return [
    "## What it took",
    table(
      ["", "tokens read", "drawn", "saves", "largest save", "seconds"],
      rows,
    ),
  ].join("\n\n");
}

function costRow(
  name: string,
  { cost, seconds }: { readonly cost: Cost; readonly seconds: number },
): string[] {
  return [
    name,
    formatCount(cost.read),
    formatCount(cost.drawn),
    formatCount(cost.saves),
    formatBytes(cost.largestSave),
    formatCount(seconds),
  ];
}

function officialPart(): string {
  return [
    "## Official models",
    "**Not run here**: the weights of the official models were not at hand on " +
    "this machine. Each is one command away, and its page is written beside this " +
    "one:",
    `\`\`\`sh\n${
      OFFICIAL_SIZES.map((size) =>
        `deno task model pull ${size} && deno task recall --model ${size}`
      ).join("\n")
    }\n\`\`\``,
  ].join("\n\n");
}

function wrongPart(wrong: ChatResult["wrong"]): string[] {
  if (wrong.length === 0) return [];
  const cell = (text: string) =>
    text.replaceAll("|", "\\|").replaceAll("\n", " ");
  return [
    "## Wrong answers",
    table(
      ["question", "wanted", "said"],
      wrong.map(({ user, reply, said }) => [user, reply, said].map(cell)),
    ),
  ];
}

function percent(scores: readonly CellScore[]): string {
  return share(sum(scores, "right"), sum(scores, "asked"));
}

function choiceShare(scores: readonly CellScore[]): string {
  const add = (what: "asked" | "right") =>
    scores.reduce((total, { choice }) => total + choice[what], 0);
  return share(add("right"), add("asked"));
}

function sum(
  scores: readonly CellScore[],
  what: "asked" | "right" | "exact" | "stale" | "claims",
): number {
  return scores.reduce((total, score) => total + score[what], 0);
}

function share(right: number, asked: number): string {
  if (asked === 0) return "";
  const count = Number.isInteger(right) ? `${right}` : right.toFixed(1);
  return `${(100 * right / asked).toFixed(1)} % (${count}/${asked})`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A number of tokens as RULER writes it: 1k is 1024; others in thousands. */
function tokens(count: number): string {
  return count >= 1024 && count % 1024 === 0
    ? `${count / 1024}k`
    : short(count);
}

function unique(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
