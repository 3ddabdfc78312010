/**
 * By which names servers may be called where `deploy/` puts them: proxies hand on the
 * name that the client used.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { parse } from "yaml";
import { tinyServer } from "../fuzz/tiny_server.ts";
import { Raw } from "../fault/raw.ts";
import { startHaproxy } from "./haproxy.ts";
import { startNginx } from "./nginx.ts";

const DEPLOY = new URL("../../deploy/", import.meta.url);

/** The key `secret` of a tenant. */
const KEY = {
  name: "t",
  digest: "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
};

/** What compose.yaml says of one. */
interface Service {
  readonly environment: Readonly<Record<string, string>>;
}

/** Asks as a client of `chat.example` does; the status, and the body's code. */
async function ask(url: string, path: string, line = ""): Promise<string> {
  using client = await Raw.open(Number(new URL(url).port));
  await client.write(
    `GET ${path} HTTP/1.1\r\nHost: chat.example\r\n${line}` +
      "Connection: close\r\n\r\n",
  );
  const text = await client.until(/(?!)/);
  const [, code = ""] = /"code":"(\w+)"/.exec(text) ?? [];
  return `${text.slice(9, 12)} ${code}`.trim();
}

for (
  const [file, start] of [
    ["nginx.conf", startNginx],
    ["haproxy.cfg", startHaproxy],
  ] as const
) {
  Deno.test(`behind deploy/${file} a server answers for the public name where it has keys, or is told the name`, async () => {
    const cases = [
      [{ limits: { hosts: [] } }, "", "403 ERR_REQUEST_ORIGIN"],
      [{ limits: { hosts: ["chat.example"] } }, "", "200"],
      [
        { limits: { hosts: [] }, keys: [KEY] },
        "Authorization: Bearer secret\r\n",
        "200",
      ],
      // As in a container, which listens on 0.0.0.0.
      [{}, "", "200"],
    ] as const;
    for (const [options, line, expected] of cases) {
      await using tiny = await tinyServer({ lanes: 1, ...options });
      await using server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen: () => {} },
        tiny.fetch,
      );
      const there = `127.0.0.1:${server.addr.port}`;
      await using proxy = await start([there, there, there]);
      assertEquals(await ask(proxy.url, "/v1/model", line), expected);
      // Whoever watches it asks by an address of its own choice.
      assertEquals(await ask(proxy.url, "/readyz"), "200");
      assertEquals(tiny.reported, []);
    }
  });
}

Deno.test("containers listen where any name may be used, and have keys where they stand behind a proxy", async () => {
  const read = (name: string) => Deno.readTextFile(new URL(name, DEPLOY));
  assertMatch(await read("Dockerfile"), /GOSLING_HOST=0\.0\.0\.0/);
  const { services } = parse(await read("compose.yaml"), { merge: true });
  for (const [name, service] of Object.entries<Service>(services)) {
    if (name === "nginx") continue;
    assertEquals(typeof service.environment.GOSLING_KEYS_FILE, "string");
    assertEquals(service.environment.GOSLING_HOST, undefined);
  }
  const { spec } = parse(await read("kubernetes/deployment.yaml"));
  const [{ env }] = spec.template.spec.containers;
  const names: string[] = env.map(({ name }: { name: string }) => name);
  assertEquals(names.includes("GOSLING_KEYS_FILE"), true);
  assertEquals(names.includes("GOSLING_HOST"), false);
});
