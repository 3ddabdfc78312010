import { assert, assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { pageModel } from "../../src/serve/page_model.ts";
import type { FromEngine, ToEngine } from "../../src/library/tab_protocol.ts";

const ENGINE = new URL("../../src/library/tab_worker.ts", import.meta.url);

/** The worker beside a folder that has the page's model, or will. */
async function openTab(): Promise<
  AsyncDisposable & {
    /** Puts the model there. */
    putModel(): Promise<void>;
    send(message: ToEngine): void;
    /** The next message that is no news of a load. */
    hear(): Promise<FromEngine>;
  }
> {
  const folder = await Deno.makeTempDir();
  const module = `${folder}/engine.ts`;
  // Deno may crash where a worker is ended that has opened a GPU.
  await Deno.writeTextFile(
    `${folder}/no_gpu.ts`,
    'Object.defineProperty(navigator, "gpu", { value: undefined });\n',
  );
  await Deno.writeTextFile(
    module,
    `import "./no_gpu.ts";\nimport ${JSON.stringify(ENGINE.href)};\n`,
  );
  const worker = new Worker(pathToFileURL(module), { type: "module" });
  const messages = new ReadableStream<FromEngine>({
    start(controller): void {
      worker.addEventListener("message", ({ data }) => {
        if (data.type !== "progress") controller.enqueue(data);
      });
    },
  }).getReader();
  return {
    async putModel(): Promise<void> {
      await Deno.mkdir(`${folder}/model`);
      for (const name of pageModel.names) {
        const bytes = await pageModel.read(name);
        await Deno.writeFile(`${folder}/model/${name}`, bytes);
      }
    },
    send: (message) => worker.postMessage(message),
    async hear(): Promise<FromEngine> {
      const { value } = await messages.read();
      assert(value !== undefined);
      return value;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      worker.terminate();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const LONG = { prompt: "User:", max_tokens: 60_000, bos: false };

Deno.test("a turn in the tab is ended while the model is still on its way", async () => {
  await using tab = await openTab();
  await tab.putModel();
  tab.send({ type: "turn", id: 1, request: LONG });
  tab.send({ type: "abort", id: 1 });
  const message = await tab.hear();
  assert(message.type === "done", JSON.stringify(message));
  const { finish_reason, usage } = message.end;
  assertEquals([finish_reason, usage.completion_tokens], ["cancelled", 0]);
});

Deno.test("a turn in the tab loads the model that was not there for the one before", async () => {
  await using tab = await openTab();
  tab.send({ type: "turn", id: 1, request: LONG });
  assertEquals((await tab.hear()).type, "failed");
  await tab.putModel();
  const request = { prompt: "User:", max_tokens: 1, stream: false };
  tab.send({ type: "turn", id: 2, request });
  for (let message = await tab.hear();; message = await tab.hear()) {
    if (message.type === "text") continue;
    assertEquals([message.type, message.id], ["done", 2]);
    break;
  }
});
