/**
 * The part of docs/clients.md that a run writes: what each client did, and the
 * lines of its module that carry the state.
 *
 * @module
 */

import { assert } from "@std/assert";
import {
  type Checklist,
  checklistLines,
  type ChecklistResults,
} from "./checklist.ts";
import {
  type CaseName,
  CASES,
  type Client,
  type Lines,
  linesOf,
} from "./client.ts";
import own from "../../deno.json" with { type: "json" };
import settings from "./deno.json" with { type: "json" };

const DOCUMENT = new URL("../../docs/clients.md", import.meta.url);
const BEGIN = "<!-- Written by `deno task clients -- --write` -->";
const END = "<!-- End of what is written -->";

const HEAD = [
  "Client",
  "Version",
  ...["Three turns", "Stream", "Tool loop", "Fork"],
  "Where the state is",
  "Lines",
];

/** What became of a client's cases. */
export type Results = ReadonlyMap<Client, ReadonlySet<CaseName>>;

/** The document as it is. */
export async function committed(): Promise<string> {
  return await Deno.readTextFile(DOCUMENT);
}

/** The document with what a run found in it, formatted. */
export async function written(
  results: Results,
  checklists: readonly Checklist[],
  checked: ChecklistResults,
): Promise<string> {
  const text = await committed();
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  assert(begin >= 0 && end > begin, "Expected both marks in docs/clients.md");
  const parts = await Promise.all([...results].map(async ([client, passed]) => {
    const lines = await linesOf(client);
    return { row: row(client, passed, lines), section: section(client, lines) };
  }));
  return await format([
    text.slice(0, begin) + BEGIN,
    "",
    ...[HEAD, HEAD.map(() => "---"), ...parts.map(({ row }) => row)]
      .map((cells) => `| ${cells.join(" | ")} |`),
    "",
    ...parts.map(({ section }) => section),
    ...checklists.flatMap((list) => checklistLines(list, checked)),
    text.slice(end),
  ].join("\n"));
}

/** Puts a document in the place of the one that is there. */
export async function write(text: string): Promise<void> {
  await Deno.writeTextFile(DOCUMENT, text);
}

function row(
  { name, packages, cases, state }: Client,
  passed: ReadonlySet<CaseName>,
  { whole, streamed }: Lines,
): readonly string[] {
  const counts = new Set([whole.length, streamed.length]);
  return [
    name,
    packages.map(versionOf).join(", "),
    ...CASES.map((title) =>
      cases[title] === undefined ? "—" : passed.has(title) ? "yes" : "no"
    ),
    state,
    [...counts].join(", streamed "),
  ];
}

function section({ name }: Client, { whole, streamed }: Lines): string {
  const same = whole.join() === streamed.join();
  return [
    ...(whole.length > 0 ? [block(`${name}:`, whole)] : []),
    ...(same ? [] : [block("The same, of a stream:", streamed)]),
  ].join("\n");
}

function block(title: string, lines: readonly string[]): string {
  return `${title}\n\n\`\`\`ts ignore\n${lines.join("\n")}\n\`\`\`\n`;
}

function versionOf(name: string): string {
  if (name === "@gosling/client") return own.version;
  const found = Object.entries(settings.imports).find(([key]) => key === name);
  assert(found !== undefined, `Expected ${name} in the import map`);
  return found[1].slice(found[1].lastIndexOf("@") + 1);
}

async function format(text: string): Promise<string> {
  const deno = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = deno.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { stdout } = await deno.output();
  return new TextDecoder().decode(stdout);
}
