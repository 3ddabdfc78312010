/**
 * Keys exchanged while conversations go on.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Client } from "../../src/client/client.ts";
import { formatKey, randomKey } from "../../src/state/state_keys.ts";
import { type Server, startServer } from "../support/server.ts";

const CLIENTS = 4;

Deno.test("keys rotate under load without a lost turn, and a bad file changes nothing", async () => {
  const folder = await Deno.makeTempDir();
  const [old, young] = [randomKey(), randomKey()];
  const seals = [`state ${formatKey(old)}`, `state ${formatKey(young)}`];
  const calls = await Promise.all(["old-key", "new-key"].map(apiLine));
  /** As a secret store does it: whole, or not at all. */
  const put = async (path: string, ...lines: readonly string[]) => {
    await Deno.writeTextFile(`${path}.new`, lines.join("\n"));
    await Deno.rename(`${path}.new`, path);
  };
  const paths = [`${folder}/keys-0`, `${folder}/keys-1`] as const;
  const start = async (path: string) => {
    await put(path, seals[0], calls[0]);
    return await startServer(
      ["--device", "wasm", "--threads", "1", "--keys-file", path],
      {},
      [`--allow-read=models,src,${path}`],
    );
  };
  await using server = await start(paths[0]);
  await using other = await start(paths[1]);
  const load = converse([server.url, other.url], CLIENTS);
  await load.turns(2);

  /** One replica after the other, with turns in between. */
  const changeBoth = async (...lines: readonly string[]) => {
    for (const [i, replica] of [server, other].entries()) {
      await change(replica, () => put(paths[i], ...lines));
      await load.turns(2);
    }
  };
  await changeBoth(seals[0], seals[1], ...calls);
  await changeBoth(seals[1], seals[0], ...calls);
  load.use("new-key");
  await load.turns(2);
  const before = server.output();
  await change(server, () => put(paths[0], "state nonsense"));
  assertMatch(
    server.output().slice(before.length),
    /line 1: it does not begin with a name and a colon.*; the keys are as before/,
  );
  await load.turns(2);
  // Every conversation has been sealed anew by now.
  await changeBoth(seals[1], calls[1]);
  const { lost, states } = await load.end();
  assertEquals(lost, []);

  const [state = ""] = states;
  const kid = JSON.parse(
    new TextDecoder().decode(
      Uint8Array.fromBase64(state.split(".")[0] ?? "", {
        alphabet: "base64url",
      }),
    ),
  ).kid;
  assertEquals(kid, young.kid);
  const outdated = new Client({ url: server.url, key: "old-key" });
  const refusal = await outdated.generate({ prompt: "Hi" }).catch((error) =>
    error.code
  );
  assertEquals(refusal, "ERR_REQUEST_UNAUTHORIZED");
  for (const replica of [server, other]) {
    const { code } = await replica.stop("SIGTERM");
    assertEquals(code, 0);
  }
  await Deno.remove(folder, { recursive: true });
});

/** Changes the file, and waits until the server has said what it makes of it. */
async function change(
  server: Server,
  write: () => Promise<void>,
): Promise<void> {
  const before = server.output().length;
  await write();
  server.signal("SIGHUP");
  const said = () =>
    /(again|as before)\S*.*\n/.test(server.output().slice(before));
  while (!said()) await pause(10);
}

/** A tenant's key, as the file has it. */
async function apiLine(key: string): Promise<string> {
  const bytes = new TextEncoder().encode(key);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return `api dave:${new Uint8Array(digest).toHex()}`;
}

/** Conversations that go on until they are ended, from server to server. */
function converse(urls: readonly string[], count: number): {
  /** Waits until each has been answered so many more turns. */
  turns(more: number): Promise<void>;
  /** Takes another API key from now on. */
  use(key: string): void;
  end(): Promise<{ lost: unknown[]; states: string[] }>;
} {
  const withKey = (key: string) => urls.map((url) => new Client({ url, key }));
  let clients = withKey("old-key");
  let over = false;
  const answered = Array.from({ length: count }, () => 0);
  const lost: unknown[] = [];
  const talks = answered.map(async (_, place) => {
    let state: string | undefined;
    for (let turn = 0; !over && lost.length === 0; turn++) {
      try {
        const content = turn === 0 ? "My name is Dave." : "What is my name?";
        const answer = await clients[(place + turn) % urls.length].generate({
          messages: [{ role: "user", content }],
          temperature: 0,
          ...(state !== undefined && { state }),
        });
        if (turn > 0) assertMatch(answer.text, /Dave/);
        assert(answer.state !== undefined);
        state = answer.state;
        answered[place] = turn + 1;
      } catch (error) {
        lost.push(error);
      }
      await pause(5);
    }
    return state ?? "";
  });
  return {
    async turns(more): Promise<void> {
      const enough = answered.map((turns) => turns + more);
      const some = () => answered.some((turns, i) => turns < (enough[i] ?? 0));
      while (some() && lost.length === 0) await pause(5);
    },
    use(key): void {
      clients = withKey(key);
    },
    async end() {
      over = true;
      return { states: await Promise.all(talks), lost };
    },
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
