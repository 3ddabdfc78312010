/**
 * OpenAI's coding agent, run as a program. It keeps its own history and asks for
 * the encrypted reasoning items, and so sends the state back by itself.
 *
 * @module
 */

import { assert } from "@std/assert";
import { ASKED, type Client, OTHER, TOLD } from "./client.ts";
import { codexBinary, type Home, makeHome, run } from "./programs.ts";
import { SHELL_WEATHER } from "./script.ts";

/** No updates, no telemetry, nothing but the server. */
function settings(base_url: string, model: string): string {
  return `
model = "${model}"
model_provider = "gosling"
approval_policy = "never"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.gosling]
name = "Gosling"
base_url = ${JSON.stringify(base_url)}
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
`;
}

async function open(baseURL: string, model = "gosling"): Promise<Home> {
  return await makeHome({
    ".codex/config.toml": settings(baseURL, model),
    "work/weather.txt": "rain",
  });
}

/** One `codex exec`: the thread, and every item it completed. */
async function exec(home: Home, ...args: readonly string[]) {
  const lines = await run(codexBinary(), home, ["exec", ...args], [
    "--json",
    "--skip-git-repo-check",
  ]);
  const events = lines.map((line) => JSON.parse(line));
  const items = events.filter(({ type }) => type === "item.completed")
    .map(({ item }) => item);
  const said = items.filter(({ type }) => type === "agent_message");
  assert(said.length > 0 && said.every(({ text }) => text !== ""));
  const { thread_id } = events.find(({ type }) => type === "thread.started");
  return { thread: String(thread_id), items, text: said.at(-1).text };
}

/** See the module. */
export const codex: Client = {
  name: "`@openai/codex`, the program",
  packages: ["@openai/codex"],
  state: "reasoning items in its session file",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      await using home = await open(baseURL);
      const { thread } = await exec(home, TOLD[0]);
      for (const said of [TOLD[1], ASKED]) {
        await exec(home, "resume", thread, said);
      }
    },
    // Every turn is a stream.
    "a stream gone on from": async ({ scriptedURL }) => {
      await using home = await open(scriptedURL, "fake");
      const { thread } = await exec(home, TOLD[0]);
      await exec(home, "resume", thread, ASKED);
    },
    "a tool loop": async ({ scriptedURL }) => {
      await using home = await open(scriptedURL, "fake");
      const { items, text } = await exec(home, SHELL_WEATHER);
      const ran = items.filter(({ type }) => type === "command_execution");
      assert(ran.length === 1 && ran[0].aggregated_output.includes("rain"));
      assert(text.includes("It rains."));
    },
    "a fork": async ({ scriptedURL }) => {
      await using home = await open(scriptedURL, "fake");
      const { thread } = await exec(home, TOLD[0]);
      const branch = await exec(home, "fork", thread, OTHER);
      assert(branch.thread !== thread);
      await exec(home, "resume", thread, ASKED);
      await exec(home, "resume", branch.thread, ASKED);
    },
  },
};
