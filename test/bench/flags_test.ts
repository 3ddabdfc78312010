import { assertEquals, assertMatch } from "@std/assert";
import { run } from "../story/command.ts";

const START = ["run", "-A", "--frozen", "--no-check"];

for (
  const [name, file, flag] of [
    ["bench", "bench/main.ts", "--only"],
    ["recall", "bench/recall.ts", "--parts"],
    ["siege", "bench/siege.ts", "--minutes"],
    ["fuzz", "tools/fuzz.ts", "--count"],
    ["curse", "lab/curse/main.ts", "--million"],
  ] as const
) {
  Deno.test(`deno task ${name} measures nothing where it is asked for help, or for what it has not`, async () => {
    const help = await run([...START, file, "--help"]);
    assertEquals([help.code, help.stderr], [0, ""]);
    assertMatch(help.stdout, new RegExp(`^deno task ${name} .*\\n`));
    assertMatch(help.stdout, new RegExp(`^  ${flag} `, "m"));
    const odd = await run([...START, file, "--nothing"]);
    assertEquals([odd.code, odd.stdout], [2, ""]);
    assertMatch(odd.stderr, /^Unknown option '--nothing'/);
    assertEquals(odd.stderr.includes("    at "), false);
  });
}

Deno.test("deno task bench refuses parts and devices that there are not", async () => {
  for (
    const [flag, word] of [["--only", "decode"], ["--device", "cuda"]] as const
  ) {
    const { code, stderr } = await run([
      ...START,
      ...["bench/main.ts", flag, word],
    ]);
    assertEquals(code, 2);
    assertMatch(
      stderr,
      new RegExp(`^Cannot read ${flag}: "${word}" is none of`),
    );
  }
});
