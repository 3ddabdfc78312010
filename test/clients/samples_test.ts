/**
 * The samples for engines that no package here has: their parsers take them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import Parser from "tree-sitter";
import CSharp from "tree-sitter-c-sharp";
import GdScript from "tree-sitter-gdscript";

const ROOT = new URL("../../examples/", import.meta.url);

const SAMPLES = [
  ["godot/gosling.gd", GdScript, "func say(words: String) -> String:"],
  ["unity/Gosling.cs", CSharp, "public bool Undo()"],
] as const;

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

for (const [path, language, line] of SAMPLES) {
  Deno.test(`${path} is a program of its language`, async () => {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    assertEquals(wrongLines(language, text), []);
    const broken = text.replace(line, line.replace("(", "(("));
    assertEquals(wrongLines(language, broken).length > 0, true);
  });
}
