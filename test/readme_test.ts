/**
 * The README's examples, pasted into a shell beside a running server.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { PROBLEMS } from "../src/http/problem.ts";
import { requireProgram } from "./deploy/programs.ts";
import { startServer } from "./support/server.ts";

const ROOT = new URL("../", import.meta.url);
const DOCS = new URL("docs/", ROOT);
const TEST = fileURLToPath(new URL("test/", ROOT));
/** Stands in for the package of Python's that PyPI has. */
const PYTHON = fileURLToPath(new URL("test/support/python", ROOT));

const readme = await Deno.readTextFile(
  new URL("../README.md", import.meta.url),
);
const blocks = blocksOf(readme);

function blocksOf(text: string): { language: string; code: string }[] {
  return [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
    .map(([, language = "", code = ""]) => ({ language, code }));
}

Deno.test("README: its examples print what it says, in the shell and with OpenAI's clients", async () => {
  await using server = await startServer();
  const here = (code: string) => code.replaceAll("localhost:8000", server.host);
  const [shell, printed] = [
    blocks.findIndex(({ code }) => code.includes("localhost")),
    blocks.findIndex(({ code }) => code.startsWith("Your name")),
  ].map((at) => blocks[at].code);
  assertEquals(await bash(here(shell)), printed);
  // Beside the tests, so that the package is found.
  const js = await run(Deno.execPath(), ["run", "-A", "--frozen"], {
    code: here(example("js")),
    file: await Deno.makeTempFile({ dir: TEST, suffix: ".js" }),
  });
  assertEquals(js.trim(), printed.trim());
  const python = await run(await requireProgram("python3"), [], {
    code: here(example("python")),
    file: await Deno.makeTempFile({ suffix: ".py" }),
    env: { PYTHONPATH: PYTHON, PYTHONDONTWRITEBYTECODE: "1" },
  });
  assertEquals(python.trim(), printed.trim());
});

/** The README's one example in a language. */
function example(wanted: string): string {
  const found = blocks.find(({ language }) => language === wanted);
  assert(found !== undefined, wanted);
  return found.code;
}

/** What a program prints that is given a file of code. */
async function run(
  program: string,
  args: readonly string[],
  { code, file, env = {} }: {
    readonly code: string;
    readonly file: string;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<string> {
  try {
    await Deno.writeTextFile(file, code);
    const { stdout, stderr, success } = await new Deno.Command(program, {
      args: [...args, file],
      env: { NO_COLOR: "1", ...env },
    }).output();
    const text = new TextDecoder();
    assert(success, text.decode(stderr));
    return text.decode(stdout);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("README: it is short, and no page leads where there is nothing", async () => {
  assert(readme.split("\n").length <= 131);
  for (const page of ["README.md", "CONTRIBUTING.md"]) await expectLinks(page);
  for await (const { name } of Deno.readDir(DOCS)) {
    if (name.endsWith(".md")) await expectLinks(`docs/${name}`);
  }
});

Deno.test("docs/save-format.md: the byte table is the save format's own", async () => {
  const source = await Deno.readTextFile(
    new URL("../src/state/save_format.ts", import.meta.url),
  );
  const [, table] = /```text\n([\s\S]*?) \* ```/.exec(source) ?? [];
  const lines = table.trimEnd().split("\n").map((line) => line.slice(3));
  const page = await Deno.readTextFile(new URL("save-format.md", DOCS));
  const shown = blocksOf(page).find(({ code }) => code.startsWith("offset"));
  assert(shown !== undefined);
  const rows = shown.code.trimEnd().split("\n");
  assertEquals(rows.slice(0, -1), lines.slice(0, -1));
});

Deno.test("docs/api.md: its table of errors has every code that is not 500, with its status", async () => {
  const page = await Deno.readTextFile(new URL("api.md", DOCS));
  const [, table = ""] = page.split("## Errors");
  const listed = [...table.matchAll(/^\| (\d+) +\| `(ERR_\w+)`/gm)].map((
    [, status, code],
  ) => `${code} ${status}`);
  const known = Object.entries(PROBLEMS).filter(([, [status]]) =>
    status !== 500
  )
    .map(([code, [status]]) => `${code} ${status}`);
  assertEquals(listed.toSorted(), known.sort());
});

/** Every relative link of a page leads to a file, and its anchors to headings. */
async function expectLinks(page: string): Promise<void> {
  const base = new URL(page, ROOT);
  const text = await Deno.readTextFile(base);
  for (const [, to = ""] of text.matchAll(/\]\(([^)]+)\)/g)) {
    if (/^https?:/.test(to)) continue;
    const { pathname, hash } = new URL(to, base);
    const target = new URL(pathname, base);
    await Deno.stat(target).catch(() => {
      throw new Error(`${page} leads to ${to}, where there is nothing`);
    });
    if (hash === "") continue;
    const headings = [
      ...(await Deno.readTextFile(target)).matchAll(/^#+ (.*)$/gm),
    ]
      .map(([, heading = ""]) =>
        heading.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-")
      );
    assert(headings.includes(hash.slice(1)), `${page}: ${to}`);
  }
}

async function bash(script: string): Promise<string> {
  const { stdout, success } = await new Deno.Command("bash", {
    args: ["-ec", script],
  }).output();
  assert(success);
  return new TextDecoder().decode(stdout);
}
