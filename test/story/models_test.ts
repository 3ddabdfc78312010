import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { randomTensors, safetensors } from "../support/models/random_model.ts";
import { spawn } from "./command.ts";

const WASM = { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1" };

Deno.test("main.ts serves models by name, and ends the answers of all of them", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "random.safetensors");
  const tensors = randomTensors({ L: 1, D: 64, V: 4096, type: "F16" });
  await Deno.writeFile(path, ReadableStream.from(safetensors(tensors, "F16")));
  const allowed = `--allow-read=models,src,${folder}`;
  const server = spawn(
    ["run", "-P=serve", allowed, "--frozen", "main.ts", "start", "--port", "0"],
    {
      ...WASM,
      GOSLING_MODEL: `gosling, other=${path}`,
      GOSLING_VOCAB: "other=models/gosling/vocab.txt",
      GOSLING_MODEL_MEMORY: "100MB",
    },
  );
  try {
    const [, url] = await server.until(/Listening on (http:\S+)/);
    assertEquals(await statuses(url), ["gosling loaded", "other unloaded"]);
    const open = await Promise.all(
      ["gosling", "other"].map((model) => endless(url, model)),
    );
    assertEquals(await statuses(url), ["gosling loaded", "other loaded"]);
    server.signal("SIGTERM");
    for (const [i, answer] of open.entries()) {
      const last = await answer.rest();
      assertMatch(last, /"finish_reason":"cancelled"/);
      assertMatch(last, /"state":"ey/);
      assert(last.includes(`"model":"${["gosling", "other"][i]}"`));
    }
    const { code, stdout } = await server.ended();
    assertEquals(code, 0);
    assertMatch(stdout, /^Serving gosling on wasm .*\n {2}models +other when/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function statuses(url: string): Promise<string[]> {
  const { data } = await (await fetch(`${url}/v1/models`)).json();
  return data.map(({ id, status }: { id: string; status: string }) =>
    `${id} ${status}`
  );
}

/** An answer that goes on until it is ended, of which something has come. */
async function endless(url: string, model: string) {
  const answer = await fetch(`${url}/v1/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model,
      prompt: "User:",
      max_tokens: 60_000,
      logit_bias: { "0": -100 },
      stream: true,
    }),
  });
  assertEquals(answer.status, 200);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  await reader?.read();
  return {
    async rest(): Promise<string> {
      let last = "";
      for (;;) {
        const { done, value } = await reader?.read() ?? { done: true };
        if (done) return last;
        last = (last + value).slice(-1_000_000);
      }
    },
  };
}
