import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { randomTensors } from "../support/models/random_model.ts";
import { formatBytes as size } from "../../src/text/format_units.ts";
import { fileServer } from "../hub/file_server.ts";
import { type Ended, run } from "../story/command.ts";
import {
  llamaKeys,
  llamaTensors,
  writeGguf,
} from "../support/models/write_gguf.ts";

const MODEL = {
  L: 2,
  D: 64,
  V: 300,
  ranks: { w: 32, a: 32, v: 16, g: 32 },
  type: "F16",
} as const;

/** A hub with one GGUF file, and `deno task model` that knows no other. */
async function withHub(
  work: (
    hub: {
      readonly folder: string;
      readonly server: ReturnType<typeof fileServer>;
      readonly model: (...args: string[]) => Promise<Ended>;
    },
  ) => Promise<void>,
): Promise<void> {
  await using server = fileServer();
  const folder = await Deno.makeTempDir();
  const tensors = await llamaTensors(randomTensors(MODEL), "F16");
  const bytes = writeGguf(llamaKeys(MODEL.V), tensors);
  const oid = createHash("sha256").update(bytes).digest("hex");
  server.files.set("/me/few/resolve/main/x.gguf", { bytes, etag: '"x"' });
  server.instead = (request) =>
    new URL(request.url).pathname === "/api/models/me/few/tree/main"
      ? Response.json([{
        type: "file",
        path: "x.gguf",
        size: 100,
        lfs: { oid, size: bytes.length },
      }])
      : undefined;
  const env = {
    GOSLING_MODELS: folder,
    HF_ENDPOINT: server.url.href,
    HF_TOKEN: "hf_secret",
  };
  const model = (...args: string[]) =>
    run(["run", "-A", "src/cli/model_command.ts", ...args], env);
  try {
    await work({ folder, server, model });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("model pulls, lists, verifies and removes", () =>
  withHub(async ({ folder, server, model }) => {
    const { bytes } = server.files.get("/me/few/resolve/main/x.gguf") ??
      { bytes: new Uint8Array() };
    server.drop = Math.ceil(bytes.length * 0.4);
    const pulled = await model("pull", "hf:me/few/x.gguf");
    assertEquals(pulled.stderr, "");
    assertMatch(
      pulled.stdout,
      /^x is there, [\d,]+ parameters\. deno task start --model x /,
    );
    assertEquals(server.log.map(({ range, token }) => [range, token]), [
      [null, "Bearer hf_secret"],
      [null, "Bearer hf_secret"],
      [`bytes=${server.drop}-`, "Bearer hf_secret"],
      [`bytes=${2 * server.drop}-`, "Bearer hf_secret"],
    ]);
    const listed = await model("list");
    const [own, ...rows] = listed.stdout.split("\n").map((line) =>
      line.split(/ {2,}/)
    );
    assertEquals(own, ["gosling", "4.73 MB", "comes with the program"]);
    assertEquals(rows, [["x", size(bytes.length), "hf:me/few/x.gguf"], [""]]);
    const offline = await model("pull", "hf:me/few/x.gguf", "--offline");
    assertEquals(offline.stdout, "x is there\n");
    assertEquals((await model("verify", "x")).code, 0);
    const path = join(folder, "x", "x.gguf");
    const served = await run([
      ...["run", "-A", "src/cli/generate_command.ts", "--model", "x"],
      ...["--device", "wasm", "--max-tokens", "1", "A"],
    ], { GOSLING_MODELS: folder });
    assertEquals(served.code, 0, served.stderr);
    const damage = bytes.slice();
    damage[12_345] ^= 1;
    await Deno.writeFile(path, damage);
    const damaged = await model("verify", "x");
    assertEquals(damaged.code, 1);
    assertMatch(damaged.stderr, /^Cannot trust x: .*x\.gguf has SHA-256 /);
    assertEquals((await model("rm", "x")).stdout, "Removed x\n");
    assertMatch(
      (await model("list")).stdout,
      /^gosling .* comes with the program\n$/,
    );
  }));

Deno.test("model refuses in one line what it cannot do", () =>
  withHub(async ({ server, model }) => {
    for (
      const [args, found] of [
        [["pull", "me/few"], /^Cannot pull "me\/few": it is no URL, .*0\.1b/],
        [
          ["pull", "0.1b", "--offline"],
          /^Cannot pull 0\.1b: it is not here, and/,
        ],
        [["pull", "0.1b"], /api\/models\/BlinkDL\/rwkv7-g1\/.*no such file/],
        [["pull", "hf:me/few", "--sha256", "0"], /^Cannot read --sha256: /],
        [["pull"], /^Cannot go on: what to pull is missing/],
        [["inspect", "nothing"], /^Cannot find a model nothing: /],
        [["sing"], /^Cannot use sing as a command: there are pull, list/],
      ] as const
    ) {
      const { code, stderr } = await model(...args);
      assertEquals(code, 1);
      assertMatch(stderr, found);
      assertEquals(stderr.trimEnd().includes("\n"), false);
    }
    assertEquals(server.log.length, 1);
  }));

Deno.test("model inspects the embedded model", () =>
  withHub(async ({ model }) => {
    const { code, stdout } = await model("inspect", "models/gosling");
    assertEquals(code, 0);
    assertMatch(stdout, /^parameters +[\d,]+$/m);
    assertMatch(stdout, /^chat form +world, from the practice of World$/m);
    assertMatch(stdout, /^texts begin with token 0; chats with token 0/m);
    const chosen = await model(
      ...["inspect", "models/gosling", "--chat-form", "flower", "--bos", "no"],
    );
    assertMatch(chosen.stdout, /^chat form +flower, from --chat-form$/m);
    assertMatch(chosen.stdout, /^texts begin without token 0; chats without/m);
  }));
