import { assert, assertEquals, assertRejects } from "@std/assert";
import { labelOf, lockSecret, newLabel } from "../../src/client/passphrase.ts";
import { Passphrase } from "../../src/cli/passphrase_flag.ts";
import { SaveFolder } from "../../src/cli/saves_folder.ts";
import { harness } from "../http/client.ts";
import { fakeEngine } from "../http/fake_engine.ts";
import { randomKey } from "../../src/state/state_keys.ts";
import { Vault } from "../../src/state/vault.ts";

Deno.test("a passphrase locks saves, opens them from any folder, and is in no file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { format } = fakeEngine();
    const sealer = await Vault.create({
      keys: [randomKey()],
      format,
      audience: "test",
    });
    const { fetch: app } = harness({ sealer });
    const saves = new SaveFolder(folder);
    const sends = (words: string, from = saves) => {
      const send = new Passphrase(words, from).sending((request) =>
        app(request)
      );
      return async (state?: string) => {
        const response = await send(
          new Request("http://here/v1/generate", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ prompt: "I am Dave", state }),
          }),
        );
        return { status: response.status, ...await response.json() };
      };
    };
    const right = sends("tall ships");
    const { state } = await right();
    assertEquals(labelOf(state), await saves.lockLabel());
    await saves.write("dave", state, {
      past: [{ user: "I am Dave", answer: "Hello!" }],
    });
    for await (const { name } of Deno.readDir(folder)) {
      const text = await Deno.readTextFile(`${folder}/${name}`);
      assert(!text.includes("Dave") && !text.includes("ships"), name);
    }
    // Another folder has another label, and the token says which is its own.
    const elsewhere = new SaveFolder(`${folder}/other`);
    const opened = await sends("tall ships", elsewhere)(state);
    assertEquals(labelOf(opened.state), labelOf(state));
    assertEquals((await sends("tall ship")(state)).status, 403);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a secret is that of its passphrase and label, and no fast derivation is one", async () => {
  const label = newLabel();
  assertEquals(label.split(".").slice(0, 2), ["pbkdf2-sha256", "600000"]);
  const secret = await lockSecret("é", label);
  // One passphrase, however it was typed.
  assertEquals(await lockSecret("e\u0301", label), secret);
  for (
    const bad of [
      "",
      "mine",
      label.replace("600000", "599999"),
      label.replace("600000", "99999999"),
    ]
  ) {
    await assertRejects(() => lockSecret("é", bad), {
      name: "TypeError",
    });
  }
});
