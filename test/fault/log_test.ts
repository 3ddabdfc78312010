import { assertEquals } from "@std/assert";

Deno.test("note() goes on where a log is on a full disk", async () => {
  const module = new URL("../../src/terminal.ts", import.meta.url).href;
  const code = `import { note, write } from "${module}";
    note("lost"); write("goes on\\n");`;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, code);
  const { code: status, stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      'exec "$0" run -A --no-check --config "$1" "$2" 2>/dev/full',
      Deno.execPath(),
      config,
      file,
    ],
  }).output();
  await Deno.remove(file);
  assertEquals([status, new TextDecoder().decode(stdout)], [0, "goes on\n"]);
});
