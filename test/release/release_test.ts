/**
 * The archive of a version: what is in it, that it is the same every time, and that
 * it runs where there is nothing else.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import deno from "../../deno.json" with { type: "json" };
import { buildRelease, section } from "../../tools/release.ts";
import { startServer } from "../support/server.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("buildRelease() gives the same bytes for the same sources", async () => {
  const { archive, digest } = await buildRelease();
  const again = await buildRelease();
  assertEquals(again.digest, digest);
  assertEquals(again.archive, archive);
  assertMatch(digest, /^[\da-f]{64}$/);
});

Deno.test("buildRelease() takes what is needed to run and nothing of the workshop", async () => {
  const { name, files, notes } = await buildRelease();
  assertEquals(name, `gosling-${deno.version}`);
  for (
    const path of [
      "LICENSE",
      "main.ts",
      "deno.lock",
      "models/gosling/vocab.txt",
    ]
  ) assert(files.includes(path), path);
  const workshop = files.filter((path) =>
    /^(test|tools|bench.*\.ts$|wasm|\.)|training/.test(path)
  );
  assertEquals(workshop, []);
  assert(notes.includes("any replica takes"), notes);
  const ignore = await Deno.readTextFile(
    new URL("deploy/Dockerfile.dockerignore", ROOT),
  );
  for (const [, path = ""] of ignore.matchAll(/^!(.*)$/gm)) {
    assert(files.some((file) => file.startsWith(path)), path);
  }
});

Deno.test("buildRelease() makes an archive that starts in an empty folder", async () => {
  const { name, archive, digest, files } = await buildRelease();
  const folder = await Deno.makeTempDir();
  await Deno.writeFile(`${folder}/a.tar.gz`, archive);
  const { success } = await new Deno.Command("tar", {
    args: ["-xzf", "a.tar.gz"],
    cwd: folder,
  }).output();
  assert(success);
  for (const path of files) {
    if (path === "deno.json" || path === "deno.lock") continue;
    const [there, here] = await Promise.all([
      Deno.readFile(`${folder}/${name}/${path}`),
      Deno.readFile(new URL(path, ROOT)),
    ]);
    assertEquals([path, there.length], [path, here.length]);
  }
  const settings = JSON.parse(
    await Deno.readTextFile(`${folder}/${name}/deno.json`),
  );
  assertEquals(
    Object.keys(settings.tasks),
    ["start", "replicas", "chat", "generate", "model", "state", "keep"],
  );
  // A release of the release is the release: nothing came in on the way.
  const release = `${folder}/${name}/tools/release.ts`;
  await Deno.mkdir(`${folder}/${name}/tools`);
  await Deno.copyFile(new URL("tools/release.ts", ROOT), release);
  const { success: released } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", "--cached-only", release],
    cwd: `${folder}/${name}`,
    stdout: "null",
  }).output();
  assert(released);
  const check = await Deno.readTextFile(
    `${folder}/${name}/dist/${name}.tar.gz.sha256`,
  );
  assertEquals(check, `${digest}  ${name}.tar.gz\n`);
  const { mtime } = await Deno.stat(`${folder}/${name}/main.ts`);
  const { date } = section(
    await Deno.readTextFile(new URL("CHANGELOG.md", ROOT)),
    deno.version,
  );
  assertEquals(mtime?.toISOString().slice(0, 10), date);
  {
    await using server = await startServer(["--device", "wasm"], {}, [
      "--frozen",
      "--cached-only",
    ], `${folder}/${name}`);
    const answer = await fetch(`${server.url}/v1/generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        messages: [{ role: "user", content: "Hello!" }],
        temperature: 0,
      }),
    });
    assert((await answer.json()).text.length > 0);
    const page = await fetch(server.url);
    assertMatch(await page.text(), /<title>/);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("section() finds the notes of a version, and refuses one without a date", () => {
  const text = "# Changelog\n\n## [Unreleased]\n\n- b\n\n" +
    "## [0.2.0] - 2026-01-02\n\nGood.\n\n### Added\n\n- a\n\n## [0.1.0]\n";
  assertEquals(section(text, "0.2.0"), {
    date: "2026-01-02",
    notes: "Good.\n\n### Added\n\n- a\n",
  });
  for (const version of ["0.1.0", "0.3.0"]) {
    assertThrows(() => section(text, version), {
      message: `Cannot release: CHANGELOG.md has no section ## [${version}]` +
        " - DATE",
    });
  }
});
