/**
 * Every client in front of the running program; and docs/clients.md, whose table
 * is what this run found: `deno task clients -- --write` puts it there.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { agentsChat } from "./agents_chat.ts";
import { agentsResponses } from "./agents_responses.ts";
import { aiAnthropic } from "./ai_anthropic.ts";
import { aiCompatible } from "./ai_compatible.ts";
import { aiGosling, expectWhole } from "./ai_gosling.ts";
import { aiOllama } from "./ai_ollama.ts";
import { aiOpenAi } from "./ai_openai.ts";
import { anthropicSdk } from "./anthropic.ts";
import { type CaseName, CASES, type Client, expectAnswered } from "./client.ts";
import type { Checklist, ChecklistRow } from "./checklist.ts";
import { codex } from "./codex.ts";
import { genKit } from "./genkit.ts";
import { gosling } from "./gosling.ts";
import { huggingFace } from "./hugging_face.ts";
import { instructorJs } from "./instructor.ts";
import { langchain } from "./langchain.ts";
import { langgraph } from "./langgraph.ts";
import { llamaIndex } from "./llamaindex.ts";
import { langchainOllama } from "./langchain_ollama.ts";
import { mastra } from "./mastra.ts";
import { ollamaJs } from "./ollama.ts";
import { openAiChat } from "./openai_chat.ts";
import { openAiKept } from "./openai_kept.ts";
import { openAiResponses } from "./openai_responses.ts";
import { opencode } from "./opencode.ts";
import { record, type Recorder } from "./recorder.ts";
import { samples } from "./samples.ts";
import { SCRIPT } from "./script.ts";
import { serve, serveScripted } from "./server.ts";
import { KEPT, sillyTavern, STOPPED } from "./sillytavern.ts";
import { committed, write, written } from "./table.ts";
import { throughKeeper } from "./through_keeper.ts";

const CLIENTS: readonly Client[] = [
  openAiChat,
  openAiKept,
  openAiResponses,
  aiCompatible,
  aiOpenAi,
  aiGosling,
  agentsResponses,
  agentsChat,
  langchain,
  langgraph,
  mastra,
  llamaIndex,
  huggingFace,
  genKit,
  instructorJs,
  opencode,
  codex,
  anthropicSdk,
  aiAnthropic,
  ollamaJs,
  langchainOllama,
  aiOllama,
  ...[aiAnthropic, langchainOllama, aiOllama].map(throughKeeper),
  gosling,
];

const CHECKLISTS: readonly Checklist[] = [sillyTavern, samples];

let real: Recorder, told: Recorder;
const opened: AsyncDisposable[] = [];

Deno.test.beforeAll(async () => {
  // The Agents SDK ends the process at any rejection that nobody handles; Deno
  // fails the test that it belongs to.
  process.removeAllListeners("unhandledRejection");
  const program = await serve();
  opened.push(program);
  const scripted = await serveScripted(SCRIPT);
  opened.push(scripted);
  real = record(program.baseURL);
  told = record(scripted.baseURL);
  opened.push(real, told);
});

Deno.test.afterAll(async () => {
  for (const { close } of [...CLIENTS, ...CHECKLISTS]) await close?.();
  for (const open of opened.reverse()) await open[Symbol.asyncDispose]();
});

const passed = new Map(CLIENTS.map((client) => [client, new Set<CaseName>()]));

for (const [client, done] of passed) {
  for (const title of CASES) {
    const run = client.cases[title];
    if (run === undefined) continue;
    Deno.test(`${client.name}: ${title}`, async () => {
      [real, told].forEach((recorder) => recorder.take());
      await run({ baseURL: real.baseURL, scriptedURL: told.baseURL });
      expectAnswered([...real.take(), ...told.take()], title, client);
      done.add(title);
    });
  }
}

Deno.test("a provider of one's own leaves a state that is of no use, and can be aborted", async () => {
  await expectWhole(real.baseURL);
});

const checked = new Map<ChecklistRow, Set<string>>();

for (const { cases, rows } of CHECKLISTS) {
  for (const row of rows) {
    const done = new Set<string>();
    checked.set(row, done);
    for (const title of cases) {
      const run = row.cases[title];
      if (run === undefined) continue;
      Deno.test(`${row.cells[0]}: ${title}`, async () => {
        [real, told].forEach((recorder) => recorder.take());
        await run({ baseURL: real.baseURL, scriptedURL: told.baseURL });
        const exchanges = real.take();
        if (title === KEPT) expectAnswered(exchanges, "three turns");
        const ended = exchanges.some(({ path }) =>
          /\/(generate|comp)/.test(path)
        );
        assert(title !== STOPPED || !ended, "It went on to its end");
        done.add(title);
      });
    }
  }
}

Deno.test("docs/clients.md says what this run found", async () => {
  const found = await written(passed, CHECKLISTS, checked);
  if (Deno.args.includes("--write")) await write(found);
  assertEquals(found, await committed(), "Expected --write to change nothing");
});
