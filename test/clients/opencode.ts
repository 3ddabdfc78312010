/**
 * opencode, run as a program. With the provider for responses it asks for the
 * encrypted reasoning items and keeps them in its sessions.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  ASKED,
  type Client,
  expectName,
  OTHER,
  type Place,
  TOLD,
} from "./client.ts";
import {
  type Home,
  makeHome,
  opencodeBinary,
  type Running,
  startProgram,
} from "./programs.ts";
import { FILE_WEATHER } from "./script.ts";

const provider = (name: string, baseURL: string) => ({
  name,
  npm: "@ai-sdk/openai", // state
  options: { baseURL, apiKey: "unused" },
  models: { [name]: { name, temperature: true } },
});

/** No updates, no titles, a short prompt, and one tool. */
function settings({ baseURL, scriptedURL }: Place): object {
  return {
    autoupdate: false,
    share: "disabled",
    model: "gosling/gosling",
    enabled_providers: ["gosling", "fake"],
    provider: {
      gosling: provider("gosling", baseURL),
      fake: provider("fake", scriptedURL),
    },
    default_agent: "goose",
    agent: {
      title: { disable: true },
      goose: {
        mode: "primary",
        prompt: "Be kind.",
        temperature: 0,
        tools: { "*": false, read: true },
      },
    },
  };
}

/** What opencode tells of itself. */
interface Event {
  readonly type: string;
  readonly properties: { readonly sessionID?: string };
}

/** One server of opencode's for all cases: it takes seconds to start. */
class Opencode {
  readonly home: Home;
  readonly server: Running;

  constructor(home: Home, server: Running) {
    this.home = home;
    this.server = server;
  }

  static async start(place: Place): Promise<Opencode> {
    const made = await makeHome({
      "work/opencode.json": JSON.stringify(settings(place)),
      "work/weather.txt": "rain",
    });
    const env = {
      ...made.env,
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
      OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      OPENCODE_DISABLE_MODELS_FETCH: "1",
    };
    const home = { ...made, env };
    const args = ["serve", "--hostname", "127.0.0.1", "--port", "0"];
    return new Opencode(
      home,
      await startProgram(opencodeBinary(), home, args),
    );
  }

  async post(path: string, body: object = {}) {
    const answer = await fetch(`${this.server.url}/session${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert(answer.ok, `${path}: ${answer.status}`);
    return answer.status === 204 ? undefined : await answer.json();
  }

  /** Says something, and tells what happens. */
  async *watch(session: string, text: string): AsyncGenerator<Event, void> {
    const { body } = await fetch(`${this.server.url}/event`);
    assert(body !== null);
    const pieces = body.pipeThrough(new TextDecoderStream()).getReader();
    try {
      let rest = "";
      while (true) {
        const { done, value = "" } = await pieces.read();
        if (done) return;
        const lines = (rest + value).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          if (!line.startsWith("data: ")) continue;
          const event: Event = JSON.parse(line.slice("data: ".length));
          if (event.type === "server.connected") {
            const parts = [{ type: "text", text }];
            await this.post(`/${session}/prompt_async`, { parts });
          }
          yield event;
        }
      }
    } finally {
      await pieces.cancel();
    }
  }

  async say(session: string, text: string, more: object = {}) {
    const parts = [{ type: "text", text }];
    const said = await this.post(`/${session}/message`, { parts, ...more });
    assertEquals(said.info.error, undefined);
    return said.parts.filter(({ type }: { type: string }) => type === "text")
      .map(({ text }: { text: string }) => text).join("");
  }
}

let running: Promise<Opencode> | undefined;

async function open(place: Place): Promise<Opencode> {
  return await (running ??= Opencode.start(place));
}

/** See the module. */
export const opencode: Client = {
  name: "`opencode-ai`, the program",
  packages: ["opencode-linux-x64"],
  state: "reasoning items in its sessions",
  module: import.meta.url,
  async close() {
    const started = await running;
    await started?.server[Symbol.asyncDispose]();
    await started?.home[Symbol.asyncDispose]();
  },
  cases: {
    "three turns": async (place) => {
      const program = await open(place);
      const { id } = await program.post("");
      for (const told of TOLD) await program.say(id, told);
      expectName(await program.say(id, ASKED), "Dave");
    },
    // Every turn is a stream; this one is seen as it is written.
    "a stream gone on from": async (place) => {
      const program = await open(place);
      const { id } = await program.post("");
      const seen: string[] = [];
      for await (const { type, properties } of program.watch(id, TOLD[0])) {
        seen.push(type);
        if (type === "session.idle" && properties.sessionID === id) break;
      }
      assert(seen.includes("message.part.delta"), seen.join());
      expectName(await program.say(id, ASKED), "Dave");
    },
    "a tool loop": async (place) => {
      const program = await open(place);
      const { id } = await program.post("");
      const model = { providerID: "fake", modelID: "fake" };
      const text = await program.say(id, FILE_WEATHER, { model });
      assert(text.includes("It rains."), text);
    },
    "a fork": async (place) => {
      const program = await open(place);
      const { id } = await program.post("");
      await program.say(id, TOLD[0]);
      const branch = await program.post(`/${id}/fork`);
      await program.say(branch.id, OTHER);
      expectName(await program.say(branch.id, ASKED), "Ann");
      expectName(await program.say(id, ASKED), "Dave");
    },
  },
};
