/**
 * What the guide to operations says, against the program.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import deno from "../../deno.json" with { type: "json" };
import { settingNames } from "../../src/config/flag_list.ts";
import { PROBLEMS } from "../../src/http/problem.ts";

const PAGE = new URL("../../docs/operations.md", import.meta.url);
const text = await Deno.readTextFile(PAGE);

/** Flags that are not the server's, and whose they are. */
const OTHERS = ["help", "own-ports"];

Deno.test("docs/operations.md names only flags, variables, codes and tasks that there are", () => {
  const flags = new Set<string>([...settingNames(), ...OTHERS]);
  assertEquals(
    unknown(/(?<![\w-])--([a-z][\w-]+)/g, (name) => flags.has(name)),
    [],
  );
  const variables = new Set(deno.permissions.serve.env);
  assertEquals(unknown(/\b(GOSLING_\w+)/g, (name) => variables.has(name)), []);
  assertEquals(unknown(/\b(ERR_\w+)/g, (name) => name in PROBLEMS), []);
  assertEquals(unknown(/deno task (\w+)/g, (name) => name in deno.tasks), []);
});

Deno.test("docs/operations.md leads nowhere that there is nothing", async () => {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replaceAll(" ", "-")
  );
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, to = ""]) => to);
  assert(links.length > 5);
  for (const link of links) {
    if (link.startsWith("#")) assert(headings.includes(link.slice(1)), link);
    else await Deno.stat(new URL(link, PAGE));
  }
});

function unknown(
  pattern: RegExp,
  isKnown: (name: string) => boolean,
): string[] {
  return [...text.matchAll(pattern)].map(([, name = ""]) => name)
    .filter((name) => !isKnown(name));
}
