import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { tensorSpecs } from "../../src/model/checkpoint.ts";
import { run } from "../story/command.ts";

const SHAPE = {
  L: 32,
  D: 2560,
  H: 40,
  F: 10_240,
  V: 65_536,
  ranks: { w: 96, a: 96, v: 64, g: 320 },
};

/** A file of the official 2.9B shape whose weights are a hole in the disk. */
async function writeHollow(path: string): Promise<void> {
  let end = 0;
  const tensors = tensorSpecs(SHAPE).map(({ name, shape }) => {
    const start = end;
    end += 2 * shape.reduce((a, b) => a * b);
    return [name, { dtype: "BF16", shape, data_offsets: [start, end] }];
  });
  const header = new TextEncoder().encode(
    JSON.stringify(Object.fromEntries(tensors)),
  );
  const length = new Uint8Array(
    new BigUint64Array([BigInt(header.length)]).buffer,
  );
  await Deno.writeFile(path, new Blob([length, header]).stream());
  await Deno.truncate(path, 8 + header.length + end);
}

Deno.test("main.ts refuses what WebAssembly cannot hold before it reads it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeHollow(join(folder, "large.safetensors"));
    await Deno.writeTextFile(join(folder, "vocab.txt"), "1 'a' 1\n");
    const { code, stderr } = await run([
      ...["run", "-P=serve", `--allow-read=models,src,${folder}`, "main.ts"],
      ...["start", "--port", "0"],
      ...["--device", "wasm", "--model", folder],
    ]);
    assertEquals(code, 1);
    // Had weights been read, the device would have run out of memory first.
    assertMatch(
      stderr,
      /Cannot load .*: it takes [56]\.\d+ GB with 8 lanes, and .*; use /,
    );
    const inspected = await run([
      ...["run", "-A", "src/cli/model_command.ts", "inspect", folder],
    ]);
    assertMatch(inspected.stdout, /^ +webgpu +[56]\.\d+ GB +3\.\d+ GB /m);
    assertMatch(inspected.stdout, /^ +wasm +[56]\.\d+ GB\* +3\.\d+ GB /m);
    assertMatch(inspected.stdout, /\* more than the 4\.29 GB that WebAssembly/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
