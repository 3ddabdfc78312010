/**
 * What `deno.lock` protects: packages are taken as they were when it was written, or
 * not at all. A registry on loopback, and a folder of packages that begins empty.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { join } from "@std/path";
import { assert, assertEquals, assertMatch } from "@std/assert";

const NAME = "gosling-probe", VERSION = "1.0.0";
const ROOT = new URL("../../", import.meta.url);

/** A package of one file, as registries keep it. */
function packed(said: string): Uint8Array<ArrayBuffer> {
  const manifest = { name: NAME, version: VERSION, main: "index.js" };
  const files = {
    "package/package.json": JSON.stringify(manifest),
    "package/index.js": `module.exports = ${JSON.stringify(said)};`,
  };
  const blocks = Object.entries(files).map(([name, text]) => {
    const block = new Uint8Array(1024);
    const put = (field: string, at: number) =>
      block.set(new TextEncoder().encode(field), at);
    put(name, 0);
    put("0000644\0", 100);
    put("0000000\0", 108);
    put("0000000\0", 116);
    put(`${text.length.toString(8).padStart(11, "0")}\0`, 124);
    put("00000000000\0", 136);
    put("        0", 148);
    put("ustar\x0000", 257);
    const sum = block.reduce((sum, byte) => sum + byte, 0);
    put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    put(text, 512);
    return block;
  });
  const tar = new Uint8Array(1024 * (blocks.length + 1));
  for (const [i, block] of blocks.entries()) tar.set(block, 1024 * i);
  return new Uint8Array(gzipSync(tar));
}

function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

/** A registry with one package, whose bytes can be exchanged. */
function registry(bytes: Uint8Array<ArrayBuffer>) {
  const shown = { bytes };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      const { pathname, origin } = new URL(request.url);
      if (pathname.endsWith(".tgz")) return new Response(shown.bytes);
      if (pathname !== `/${NAME}`) return new Response("", { status: 404 });
      const dist = {
        tarball: `${origin}/${NAME}.tgz`,
        integrity: integrityOf(shown.bytes),
      };
      return Response.json({
        name: NAME,
        "dist-tags": { latest: VERSION },
        versions: { [VERSION]: { name: NAME, version: VERSION, dist } },
      });
    },
  );
  return { shown, server, url: `http://127.0.0.1:${server.addr.port}/` };
}

Deno.test("a package that is not as the lock has it is refused", async () => {
  const there = registry(packed("as it was"));
  const folder = await Deno.makeTempDir();
  const lock = join(folder, "deno.lock");
  /** Runs the program with a folder of packages that is empty. */
  const run = async (...flags: readonly string[]) => {
    const packages = await Deno.makeTempDir({ dir: folder });
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", ...flags, "main.ts"],
      cwd: folder,
      env: {
        DENO_DIR: packages,
        DENO_NO_UPDATE_CHECK: "1",
        NO_COLOR: "1",
        NPM_CONFIG_REGISTRY: there.url,
      },
    }).output();
    const text = new TextDecoder();
    return { code, said: text.decode(stdout), why: text.decode(stderr) };
  };
  try {
    await Deno.writeTextFile(
      join(folder, "deno.json"),
      '{"nodeModulesDir":"none"}',
    );
    await Deno.writeTextFile(
      join(folder, "main.ts"),
      `import said from "npm:${NAME}@${VERSION}"; console.log(said);`,
    );
    const first = await run();
    assertEquals([first.code, first.said], [0, "as it was\n"], first.why);
    const written = await Deno.readTextFile(lock);
    const integrity = integrityOf(there.shown.bytes);
    assert(written.includes(integrity), written);
    const again = await run("--frozen");
    assertEquals([again.code, again.said], [0, "as it was\n"], again.why);

    // The registry has other bytes now, and says so.
    const { bytes } = there.shown;
    there.shown.bytes = packed("something else");
    const exchanged = await run("--frozen");
    assertEquals([exchanged.code, exchanged.said], [1, ""]);
    assertMatch(exchanged.why, /checksum did not match/);

    // Or somebody has written into the lock.
    there.shown.bytes = bytes;
    const other = integrityOf(packed("something else"));
    await Deno.writeTextFile(lock, written.replace(integrity, other));
    const tampered = await run("--frozen");
    assertEquals([tampered.code, tampered.said], [1, ""]);
    assertMatch(tampered.why, /checksum did not match/);
  } finally {
    await there.server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("deno.lock has the integrity of every package, and no module of the web", async () => {
  const lock = JSON.parse(
    await Deno.readTextFile(new URL("deno.lock", ROOT)),
  );
  const packages = Object.entries<{ integrity?: string }>(lock.npm);
  assert(packages.length > 10);
  for (const [name, { integrity = "" }] of packages) {
    assertMatch(integrity, /^sha512-[\w+/]{86}==$/, name);
  }
  assertEquals([lock.remote, lock.jsr], [undefined, undefined]);
});

Deno.test("what is run by others is installed as the lock has it", async () => {
  const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
  const dockerfile = await read("deploy/Dockerfile");
  for (const line of dockerfile.match(/.*deno-binary install.*/g) ?? [""]) {
    assert(line.includes("--frozen"), line);
  }
  assertMatch(dockerfile, /^CMD .*"--cached-only", "--frozen"/m);
  assertMatch(await read(".ci/run"), /^\$deno ci$/m);
});
