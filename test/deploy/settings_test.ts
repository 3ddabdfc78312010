/**
 * What is in `deploy/`: accepted by the programs that it is for, and true of this one.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { parse, parseAllDocuments } from "yaml";
import deno from "../../deno.json" with { type: "json" };
import { parseCommand } from "../../src/config/command_line.ts";
import { variableOf } from "../../src/config/flag_list.ts";
import { readConfig } from "../../src/config/read_config.ts";
import { parseKeyLines } from "../../src/config/key_lines.ts";
import { SHUTDOWN_PATIENCE } from "../../src/serve/graceful_shutdown.ts";
import { argumentsFor, freePort, writeSettings } from "./nginx.ts";
import { requireProgram } from "./programs.ts";

const DEPLOY = new URL("../../deploy/", import.meta.url);
const IMAGE = `gosling:${deno.version}`;

const read = (name: string) => Deno.readTextFile(new URL(name, DEPLOY));

/** A value of YAML, of which only what is asked for has to be there. */
type Yaml = { readonly [key: string]: Yaml } & readonly Yaml[] & string;

async function yaml(name: string): Promise<Yaml> {
  const text = await read(name);
  for (const { errors, warnings } of parseAllDocuments(text)) {
    assertEquals([name, errors, warnings], [name, [], []]);
  }
  return parse(text, { merge: true });
}

/** Seconds that the server gives to turns after a signal. */
const DRAIN = SHUTDOWN_PATIENCE / 1000;

Deno.test("deploy/nginx.conf is accepted by nginx", async () => {
  const program = await requireProgram("nginx");
  const folder = await Deno.makeTempDir();
  const path = await writeSettings(folder, freePort(), [
    "127.0.0.1:1",
    "127.0.0.1:2",
    "127.0.0.1:3",
  ]);
  const { success, stderr } = await new Deno.Command(program, {
    args: ["-t", ...argumentsFor(folder, path)],
    stderr: "piped",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("deploy/haproxy.cfg is accepted by HAProxy", async () => {
  const program = await requireProgram("haproxy");
  const { success, stderr } = await new Deno.Command(program, {
    args: ["-c", "-f", new URL("haproxy.cfg", DEPLOY).pathname],
    stdout: "null",
    stderr: "piped",
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert(success, said);
  const warnings = said.split("\n").filter((line) =>
    line.includes("[WARNING]") && !line.includes("could not resolve address")
  );
  assertEquals(warnings, []);
});

/** Where each of the proxies has a limit, in the order of {@linkcode LIMITS}. */
const PLACES = {
  "nginx.conf": [
    /^ *worker_connections (\d+);$/m,
    /^ *client_header_timeout (\d+)s;$/m,
    /^ *keepalive_timeout (\d+)s;$/m,
    /^ *proxy_read_timeout (\d+)s;$/m,
  ],
  "haproxy.cfg": [
    /^ *maxconn (\d+)$/m,
    /^ *timeout http-request (\d+)s$/m,
    /^ *timeout http-keep-alive (\d+)s$/m,
    /^ *timeout server (\d+)s$/m,
  ],
};

/** Connections, then seconds: for headers, for idle connections, for an answer. */
const LIMITS = {
  "nginx.conf": [4096, 10, 65, 620],
  "haproxy.cfg": [8192, 10, 65, 620],
};

Deno.test("both proxies bound what Deno does not, and wait for what it does", async () => {
  const { timeout } = readConfig(parseCommand([]).flags, () => undefined);
  const security = await read("../SECURITY.md");
  for (const file of ["nginx.conf", "haproxy.cfg"] as const) {
    const text = await read(file);
    const found = PLACES[file].map((place) => Number(place.exec(text)?.[1]));
    assertEquals([file, ...found], [file, ...LIMITS[file]]);
    const [connections = 0, headers, idle, answer = 0] = found;
    assert(answer > timeout, `${file} waits ${answer} s`);
    // As SECURITY.md has them.
    const shown = `${connections}`.replace(/\d(?=\d{3}$)/, "$&,");
    for (const part of [shown, `${headers} s`, `${idle} s`]) {
      assert(security.includes(part), `${file}: ${part}`);
    }
  }
  // As large as the states of a model of 1.5B with every codec.
  assertMatch(await read("nginx.conf"), /^ *client_max_body_size 32m;$/m);
});

Deno.test("deploy/Dockerfile takes this version of Deno and runs nothing as root", async () => {
  const text = await read("Dockerfile");
  const readme = await Deno.readTextFile(new URL("../README.md", DEPLOY));
  const [version] = /deno@[\d.]+/.exec(readme) ?? [];
  assertEquals(/deno@[\d.]+/.exec(text)?.[0], version);
  assertMatch(text, /\nUSER 10001:10001\n/);
  assert(text.includes(`gosling:${deno.version}`));
  const commands = [...text.matchAll(/CMD (\[.*\])/g)].map(([, list]) => {
    return JSON.parse(list ?? "") as string[];
  });
  assertEquals(commands.length, 2);
  for (const command of commands) {
    const file = command.find((word) => word.endsWith(".ts"));
    await Deno.stat(new URL(`../${file}`, DEPLOY));
  }
  const needed = (await read("Dockerfile.dockerignore")).split("\n")
    .filter((line) => line.startsWith("!"));
  for (const line of needed) {
    await Deno.stat(new URL(`../${line.slice(1)}`, DEPLOY));
  }
});

Deno.test("deploy/compose.yaml has the replicas that nginx names", async () => {
  const { services } = await yaml("compose.yaml");
  const names = Object.keys(services).filter((name) => name !== "nginx");
  for (const file of ["nginx.conf", "haproxy.cfg"]) {
    const found = [...(await read(file)).matchAll(/(gosling-\d):8000/g)]
      .map(([, name]) => name);
    assertEquals([file, found], [file, names]);
  }
  for (const name of names) {
    const { [name]: service } = services;
    assertEquals([service.image, service.read_only], [IMAGE, true]);
    expectKnown(Object.keys(service.environment));
    assert(Number.parseInt(service.stop_grace_period) > DRAIN);
  }
  assertEquals(Object.keys(services.nginx.depends_on), names);
});

Deno.test("deploy/kubernetes names its parts alike, and gives turns the time to end", async () => {
  const { resources } = await yaml("kubernetes/kustomization.yaml");
  const parts = new Map<string, Yaml>();
  for (const name of [...resources, "secret.example.yaml"]) {
    const part = await yaml(`kubernetes/${name}`);
    assertMatch(part.apiVersion, /^(apps|autoscaling|policy)?\/?v\d$/);
    parts.set(part.kind, part);
  }
  assertEquals([...parts.keys()], [
    "Deployment",
    "Service",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Secret",
  ]);
  const part = (kind: string) => {
    const found = parts.get(kind);
    assert(found !== undefined, kind);
    return found;
  };
  const deployment = part("Deployment");
  const { template, selector } = deployment.spec;
  const { labels } = template.metadata;
  assertEquals(selector.matchLabels, labels);
  assertEquals(part("Service").spec.selector, labels);
  assertEquals(part("PodDisruptionBudget").spec.selector.matchLabels, labels);
  const { scaleTargetRef } = part("HorizontalPodAutoscaler").spec;
  assertEquals(scaleTargetRef.name, deployment.metadata.name);
  assertEquals(scaleTargetRef.kind, "Deployment");

  // Of each Service, Kubernetes tells containers NAME_PORT=tcp://ADDRESS:PORT.
  const link = `${part("Service").metadata.name.toUpperCase()}_PORT`;
  assertEquals(link, variableOf("port"));
  assertEquals(`${template.spec.enableServiceLinks}`, "false");

  const [container, ...others] = template.spec.containers;
  assertEquals([others.length, container.image], [0, IMAGE]);
  expectKnown(container.env.map(({ name }) => name));
  const [{ name: port, containerPort }] = container.ports;
  assertEquals(part("Service").spec.ports[0].targetPort, port);
  assertMatch(await read("Dockerfile"), new RegExp(`EXPOSE ${containerPort}`));
  for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
    const { path, port: asked } = container[probe].httpGet;
    assertEquals(asked, port);
    assert(["/healthz", "/readyz"].includes(path), path);
  }
  const [volume] = template.spec.volumes;
  const [mount] = container.volumeMounts;
  assertEquals(mount.name, volume.name);
  assertEquals(volume.secret.secretName, part("Secret").metadata.name);
  const file = container.env.find(({ name }) => name === "GOSLING_KEYS_FILE");
  const [key = ""] = Object.keys(part("Secret").stringData);
  assertEquals(file?.value, `${mount.mountPath}/${key}`);
  assertEquals(parseKeyLines(part("Secret").stringData[key]).state.length, 1);
  const { seconds } = container.lifecycle.preStop.sleep;
  assert(
    Number(template.spec.terminationGracePeriodSeconds) >
      Number(seconds) + DRAIN,
  );
});

Deno.test("deploy/keys.example is a file of keys", async () => {
  const { state, api } = parseKeyLines(await read("keys.example"));
  assertEquals([state.length, api.length], [1, 0]);
});

/** Expects variables that the server may read. */
function expectKnown(variables: readonly string[]): void {
  const known = new Set(deno.permissions.serve.env);
  assertEquals(variables.filter((name) => !known.has(name)), []);
}
