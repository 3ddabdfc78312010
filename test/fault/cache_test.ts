import { join } from "@std/path";
import { assertEquals, assertMatch } from "@std/assert";
import { randomTensors, safetensors } from "../support/models/random_model.ts";
import { TEST_DEVICE } from "../support/test_device.ts";
import { compose } from "../../src/serve/compose_services.ts";
import { parseCommand } from "../../src/config/command_line.ts";
import { readConfig } from "../../src/config/read_config.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";

/** Just over the 64 MiB from which packed weights are kept. */
const SIZES = { L: 2, D: 768, V: 3584 };

const VOCABULARY = "models/gosling/vocab.txt";

async function modelFolder(): Promise<string> {
  const folder = await Deno.makeTempDir();
  const weights = safetensors(randomTensors(SIZES), "F32");
  await Deno.writeFile(
    join(folder, "model.safetensors"),
    ReadableStream.from(weights),
  );
  await Deno.copyFile(VOCABULARY, join(folder, "vocab.txt"));
  const earlier = new Date(Date.now() - 60_000);
  for (const name of ["model.safetensors", "vocab.txt"]) {
    await Deno.utime(join(folder, name), earlier, earlier);
  }
  return folder;
}

/** Starts a server's engine, takes a turn, and ends it. */
async function answer(
  folder: string,
): Promise<{ text: string; notes: string[] }> {
  const notes: string[] = [];
  const args = ["--model", folder, "--device", TEST_DEVICE, "--quant", "int8"];
  const config = readConfig(
    parseCommand([...args, "--lanes", "1"]).flags,
    () => undefined,
  );
  const { services, dispose } = await compose(
    config,
    (line) => notes.push(line),
  );
  try {
    const turn = { prompt: "User:", maxTokens: 5, sampling: GREEDY, stops: [] };
    let text = "";
    const { signal } = new AbortController();
    for await (const event of services.engine.generate(turn, signal)) {
      if (event.type === "text") text += event.text;
    }
    return { text, notes };
  } finally {
    await dispose();
  }
}

Deno.test("a server whose packed weights are damaged says so, packs them anew and answers the same", async () => {
  const folder = await modelFolder();
  try {
    const first = await answer(folder);
    const [cache] = (await Array.fromAsync(Deno.readDir(folder)))
      .map(({ name }) => name)
      .filter((name) => !/^(model\.safetensors|vocab\.txt)$/.test(name));
    using file = await Deno.open(join(folder, cache), { write: true });
    await file.seek(10_000_000, Deno.SeekMode.Start);
    await file.write(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    const second = await answer(folder);
    assertEquals(second.text, first.text);
    assertMatch(second.notes.join("\n"), /damaged.*they are packed again/);
    assertEquals(await answer(folder), { text: first.text, notes: [] });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
