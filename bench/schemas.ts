/**
 * `deno run -A bench/schemas.ts FOLDER [VOCABULARY]`: what becomes of a folder of
 * JSON schemas. Each file is a schema, a schema with instances, or a list of those:
 * `{ schema, tests: [{ data, valid }] }`, as MaskBench and the official test suite
 * have them. Prints how many schemas pass (every instance is judged right), are
 * refused, reject a valid instance, or let an invalid one through; the reasons; and
 * how long it took to begin an answer and to find a mask.
 *
 * @module
 */

import { LIMITS } from "../src/grammar/json/answer_limits.ts";
import type { AnswerState } from "../src/grammar/json/answer_state.ts";
import { Conditions } from "../src/grammar/schema/schema_conditions.ts";
import { SchemaStates } from "../src/grammar/schema/schema_states.ts";
import { TokenTree } from "../src/grammar/token_tree.ts";
import { allowWork, WORK } from "../src/grammar/work_bound.ts";
import { openVocabulary } from "../src/text/world_tokenizer.ts";
import { table } from "./table.ts";

/** A number as it is written. */
class Written {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

interface Case {
  readonly name: string;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly tests: readonly {
    readonly data: unknown;
    readonly valid: boolean;
  }[];
}

const VOCABULARY = new URL("../models/gosling/vocab.txt", import.meta.url);

/** Masks are measured for one of so many schemas. */
const MEASURED = 40;

const [folder, vocabulary] = Deno.args;
if (folder === undefined) {
  throw new Error("Cannot measure: name a folder of schemas");
}
const show = Deno.args.includes("--show");
const tokenizer = await openVocabulary(
  await Deno.readFile(vocabulary ?? VOCABULARY),
  "vocabulary",
);
const { size, end } = tokenizer;
const tree = new TokenTree((token) => tokenizer.bytes(token), size, end, size);
const found = { passing: 0, refused: 0, rejected: 0, through: 0 };
const instances = { valid: 0, rejected: 0, invalid: 0, through: 0 };
const reasons = new Map<string, number>();
const masks: number[] = [];
/** Milliseconds to begin an answer, by characters of the schema. */
const SIZES: [name: string, most: number, beginnings: number[]][] = [
  ["begin, below 1 KB", 1 << 10, []],
  ["begin, below 10 KB", 10 << 10, []],
  ["begin, larger", Infinity, []],
];
let schemas = 0;
for await (const one of cases(folder)) measure(one);
report();

function measure({ name, schema, tests }: Case): void {
  schemas++;
  const began = performance.now();
  let states: SchemaStates;
  try {
    // As the thread that follows grammars bounds it.
    allowWork(WORK.open);
    states = new SchemaStates(new Conditions(schema, false), LIMITS);
    tree.mask(states.start);
  } catch (error) {
    found.refused++;
    const reason = String(error).replace(/ at .*/, "").replaceAll(
      /"[^"]*"/g,
      "…",
    );
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if (show) print(`refused ${name} ${error}`);
    return;
  }
  const { length } = JSON.stringify(schema);
  const size = SIZES.find(([, most]) => length < most) ?? SIZES[0];
  size[2].push(performance.now() - began);
  allowWork(Infinity);
  let [rejected, through] = [0, 0];
  for (const { data, valid } of tests) {
    const text = spaced(data);
    const kept = accepts(states.start, text);
    if (valid && !kept.whole) rejected++;
    if (!valid && kept.whole) through++;
    if (show && valid !== kept.whole) {
      print(
        `${valid ? "rejected" : "through"} ${name} ` +
          `${text.slice(0, kept.at).slice(-60)} | ${
            text.slice(kept.at).slice(0, 40)
          }`,
      );
    }
    if (schemas % MEASURED === 0 && valid) time(states.start, text);
    allowWork(Infinity);
  }
  instances.valid += tests.filter(({ valid }) => valid).length;
  instances.invalid += tests.filter(({ valid }) => !valid).length;
  instances.rejected += rejected;
  instances.through += through;
  if (through > 0) found.through++;
  else if (rejected > 0) found.rejected++;
  else found.passing++;
}

/** Whether a text may be written, and how far. */
function accepts(
  start: AnswerState,
  text: string,
): { readonly whole: boolean; readonly at: number } {
  let state: AnswerState | undefined = start;
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at++) {
    state = state.step(bytes[at]);
    if (state === undefined) return { whole: false, at };
  }
  return { whole: state.whole, at: bytes.length };
}

/** Finds the masks of an answer, token by token. */
function time(start: AnswerState, text: string): void {
  let state: AnswerState | undefined = start;
  for (const token of tokenizer.encode(text).slice(0, 400)) {
    const began = performance.now();
    allowWork(WORK.accept);
    tree.mask(state);
    masks.push(performance.now() - began);
    for (const byte of tokenizer.bytes(token)) {
      state = state?.step(byte);
    }
    if (state === undefined) return;
  }
}

/** Numbers keep their digits. */
function asWritten(
  _: string,
  value: unknown,
  { source }: { readonly source?: string } = {},
): unknown {
  return typeof value === "number" && source !== undefined
    ? new Written(source)
    : value;
}

/** JSON in one line, as most programs write it. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (value instanceof Written) return value.digits;
  if (typeof value === "object" && value !== null) {
    const pairs = Object.entries(value).map(([name, inner]) =>
      `${JSON.stringify(name)}: ${spaced(inner)}`
    );
    return `{${pairs.join(", ")}}`;
  }
  return JSON.stringify(value);
}

async function* cases(path: string): AsyncGenerator<Case, void> {
  const entries = await Array.fromAsync(Deno.readDir(path));
  for (
    const { name, isDirectory } of entries.sort((a, b) =>
      a.name < b.name ? -1 : 1
    )
  ) {
    const file = `${path}/${name}`;
    if (isDirectory) {
      yield* cases(file);
      continue;
    }
    if (!name.endsWith(".json")) continue;
    const draft = /\/draft(?:(\d)|(\d{4}-\d\d))\//.exec(file);
    const address = draft === null
      ? undefined
      : draft[1] === undefined
      ? `https://json-schema.org/draft/${draft[2]}/schema`
      : `http://json-schema.org/draft-0${draft[1]}/schema#`;
    const text = await Deno.readTextFile(file);
    const raw = [JSON.parse(text, asWritten)].flat();
    for (const [i, one] of [JSON.parse(text)].flat().entries()) {
      const { schema = one } = one;
      const { tests = [] } = raw[i];
      if (typeof schema !== "object") continue;
      yield {
        name: `${file}#${i}`,
        schema: address === undefined
          ? schema
          : { $schema: address, ...schema },
        tests: Array.isArray(tests) ? tests : [],
      };
    }
  }
}

function report(): void {
  const percent = (part: number, whole: number) =>
    whole === 0 ? "" : `${(100 * part / whole).toFixed(2)} %`;
  const lines = [
    ["schemas", String(schemas), ""],
    ["passing", String(found.passing), percent(found.passing, schemas)],
    ["refused", String(found.refused), percent(found.refused, schemas)],
    [
      "valid rejected",
      String(found.rejected),
      percent(found.rejected, schemas),
    ],
    [
      "invalid let through",
      String(found.through),
      percent(found.through, schemas),
    ],
    ["valid instances", String(instances.valid), ""],
    [
      "… rejected",
      String(instances.rejected),
      percent(instances.rejected, instances.valid),
    ],
    ["invalid instances", String(instances.invalid), ""],
    [
      "… let through",
      String(instances.through),
      percent(instances.through, instances.invalid),
    ],
  ];
  print(table(["", "", ""], lines));
  const times = [
    ...SIZES.map(([name, , list]) => [name, list] as const),
    ["mask", masks],
  ] as const;
  print(table(
    ["ms", "p50", "p90", "p99", "most"],
    times.map(([name, list]) => {
      const sorted = list.toSorted((a, b) => a - b);
      const at = (part: number) =>
        (sorted[
          Math.min(sorted.length - 1, Math.floor(part * sorted.length))
        ] ?? 0).toFixed(2);
      return [name, at(0.5), at(0.9), at(0.99), at(1)];
    }),
  ));
  const most = [...reasons].sort(([, a], [, b]) => b - a).slice(0, 40);
  print(
    table(
      ["refused", ""],
      most.map(([reason, count]) => [reason, String(count)]),
    ),
  );
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
