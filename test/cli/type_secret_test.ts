import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Keyboard, typeSecret } from "../../src/cli/type_secret.ts";
import { requireProgram } from "../deploy/programs.ts";

/** A keyboard on which this is typed. */
function typing(text: string, terminal = true): Keyboard & { raw: boolean[] } {
  const bytes = [...new TextEncoder().encode(text)];
  return {
    raw: [],
    isTerminal: () => terminal,
    setRaw(raw): void {
      this.raw.push(raw);
    },
    readSync(to): number | null {
      const [byte] = bytes.splice(0, 1);
      if (byte === undefined) return null;
      to[0] = byte;
      return 1;
    },
  };
}

const LINES: readonly [typed: string, found: string | undefined][] = [
  ["horse battery\r", "horse battery"],
  ["hö\x7f\x7förse\n", "örse"],
  ["wrong\x15right\r", "right"],
  ["a\x1b[Db\x1b[1;5Cc\x1bOAd\r", "abcd"],
  ["\x7f\x08\r", ""],
  ["half\x04", "half"],
  ["half", "half"],
  ["\x04", undefined],
  ["", undefined],
  ["a\x1b[", "a"],
];

for (const [typed, found] of LINES) {
  Deno.test(`typeSecret() reads ${JSON.stringify(typed)}`, () => {
    const keyboard = typing(typed);
    let shown = "";
    assertEquals(
      typeSecret("Secret:", keyboard, (text) => shown += text),
      found,
    );
    assertEquals(shown, "Secret: \n");
    assertEquals(keyboard.raw, [true, false]);
  });
}

Deno.test("typeSecret() gives the terminal back after Ctrl+C", () => {
  const keyboard = typing("hor\x03");
  assertThrows(() => typeSecret("Secret:", keyboard, () => {}), {
    name: "AbortError",
  });
  assertEquals(keyboard.raw, [true, false]);
});

Deno.test("typeSecret() takes a line of a pipe, and leaves the rest", () => {
  const keyboard = typing("first\nsecond\n", false);
  assertEquals(typeSecret("", keyboard, () => {}), "first");
  assertEquals(typeSecret("", keyboard, () => {}), "second");
  assertEquals(keyboard.raw, []);
});

/** Types at a terminal of the system, and prints what it shows. */
const TERMINAL = `
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown = b""
while b"Secret:" not in shown:
    shown += os.read(terminal, 1024)
os.write(terminal, b"horse battery\\r")
try:
    while True:
        more = os.read(terminal, 1024)
        if not more: break
        shown += more
except OSError:
    pass
os.waitpid(child, 0)
sys.stdout.buffer.write(shown)
`;

Deno.test("a terminal shows nothing of a secret", async () => {
  const python = await requireProgram("python3");
  const module = new URL("../../src/cli/type_secret.ts", import.meta.url).href;
  const program = `import { typeSecret } from ${JSON.stringify(module)};` +
    `console.log("got", typeSecret("Secret:")?.length);`;
  const { stdout } = await new Deno.Command(python, {
    args: ["-c", TERMINAL, Deno.execPath(), "eval", "--no-check", program],
    env: { NO_COLOR: "1" },
  }).output();
  const shown = new TextDecoder().decode(stdout);
  assert(shown.includes("got 13"), shown);
  assert(!shown.includes("horse") && !shown.includes("battery"), shown);
});
