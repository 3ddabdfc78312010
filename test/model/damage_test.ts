import { assert } from "@std/assert";
import { FILES, fuzzModelFiles } from "../fuzz/model_files.ts";

for (const format of Object.keys(FILES)) {
  Deno.test(`openModel() opens a damaged ${format} file or says what is wrong`, async () => {
    const refused = await fuzzModelFiles(format, { seed: 11, count: 300 });
    assert(refused > 100, `only ${refused} were refused`);
  });
}
