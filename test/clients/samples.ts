/**
 * The samples in `examples/`: their own tests run them, in front of the embedded model;
 * parsers read those for engines that no package here has.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import Parser from "tree-sitter";
import CSharp from "tree-sitter-c-sharp";
import GdScript from "tree-sitter-gdscript";
import type { Checklist, ChecklistRow } from "./checklist.ts";

const ROOT = new URL("../../", import.meta.url);

/** Names of tests in `test/examples/` that passed, and what the run said. */
interface Run {
  readonly passed: ReadonlySet<string>;
  readonly said: string;
}

let running: Promise<Run> | undefined;

/** Runs all tests of the samples, once. */
async function runTests(): Promise<Run> {
  const report = await Deno.makeTempFile();
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-A", "--no-check", "--frozen", "--junit-path", report],
      "test/examples/",
    ],
    cwd: ROOT,
  }).output();
  const xml = await Deno.readTextFile(report);
  await Deno.remove(report);
  const passed = [
    ...xml.matchAll(
      /<testcase name="([^"]*)"[^>]*\/>|<testcase name="([^"]*)"[^>]*>\s*<\/testcase>/g,
    ),
  ]
    .map(([, open, closed]) => open ?? closed ?? "");
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { passed: new Set(passed), said: said.join("\n") };
}

function tested(name: string): () => Promise<void> {
  return async () => {
    const { passed, said } = await (running ??= runTests());
    assert(passed.has(name), said);
  };
}

/** Lines in which a text is no program of the language. */
function wrongLines(language: unknown, text: string): number[] {
  const parser = new Parser();
  parser.setLanguage(language as Parser.Language);
  const lines: number[] = [];
  const look = (node: Parser.SyntaxNode) => {
    if (!node.hasError) return;
    if (node.isError || node.isMissing) lines.push(node.startPosition.row + 1);
    node.children.forEach(look);
  };
  look(parser.parse(text).rootNode);
  return lines;
}

/** Fails unless a file is a program of its language, and would not be with a typo. */
function parses(path: string, language: unknown, line: string) {
  return async (): Promise<void> => {
    const text = await Deno.readTextFile(new URL(`examples/${path}`, ROOT));
    assertEquals(wrongLines(language, text), []);
    const broken = text.replace(line, line.replace("(", "(("));
    assert(wrongLines(language, broken).length > 0);
  };
}

function row(
  path: string,
  what: string,
  how: string,
  cases: ChecklistRow["cases"],
): ChecklistRow {
  return { cells: [`[${path}](../examples/${path})`, what, how], cases };
}

/** See the module. */
export const samples: Checklist = {
  text: "The [samples](../examples/README.md), each in front of the embedded " +
    "model, or read by a parser where no package here has the engine.",
  columns: ["Sample", "What it is", "How it is run"],
  cases: ["Parses", "Remembers"],
  rows: [
    row("story/", "a story in the browser, with save slots", "in Chromium", {
      Remembers: tested("a story has save slots, and is there after a reload"),
    }),
    row("npc/village.js", "characters with a save each", "as a program", {
      Remembers: tested(
        "people of a village remember, each by a save of one size",
      ),
    }),
    row("edge/worker.js", "a worker at the edge", "as a module of one", {
      Remembers: tested("a worker keeps the saves of people who know of none"),
    }),
    row(
      "python/remember.py",
      "three lines for Python's `openai`",
      "by Python, with a stand-in for the package",
      { Remembers: tested("three lines of Python carry the state") },
    ),
    row("godot/gosling.gd", "a script for Godot 4", "by tree-sitter", {
      Parses: parses(
        "godot/gosling.gd",
        GdScript,
        "func say(words: String) -> String:",
      ),
    }),
    row("unity/Gosling.cs", "a class for Unity", "by tree-sitter", {
      Parses: parses("unity/Gosling.cs", CSharp, "public bool Undo()"),
    }),
  ],
};
