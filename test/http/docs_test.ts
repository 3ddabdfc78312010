import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { harness } from "./client.ts";

/** Everything in `value` that is called `name`. */
function* named(value: unknown, name: string): Generator<unknown, void> {
  if (!(value instanceof Object)) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === name) yield member;
    yield* named(member, name);
  }
}

Deno.test("openapi.json refers to nothing that is not in it", async () => {
  const { get } = harness();
  const api = await (await get("/openapi.json")).json();
  assertEquals(api.openapi, "3.1.0");
  const references = [...named(api, "$ref")];
  assert(references.length > 20);
  for (const reference of references) {
    const [hash, ...path] = String(reference).split("/");
    assertEquals(hash, "#");
    let found = api;
    for (const key of path) found = found?.[key];
    assert(found !== undefined, String(reference));
  }
});

Deno.test("openapi.json describes every field and bound of a native request", async () => {
  const { get } = harness();
  const { components: { schemas } } = await (await get("/openapi.json")).json();
  const { properties } = schemas.GenerateRequest;
  for (const [name, field] of Object.entries(properties)) {
    const { description, type, minimum, maximum } = field as {
      description?: string;
      type?: string;
      minimum?: number;
      maximum?: number;
    };
    assert(description !== undefined, name);
    if (type !== "number") continue;
    assert(minimum !== undefined && maximum !== undefined, name);
  }
});

Deno.test("openapi.json gives examples that work as they are", async () => {
  const { get, post } = harness();
  const { paths } = await (await get("/openapi.json")).json();
  let examples = 0;
  for (const [path, operations] of Object.entries(paths)) {
    for (const example of named(operations, "example")) {
      const asked = example as { model?: string };
      const body = asked.model === undefined ? asked : {
        ...asked,
        model: "fake",
      };
      assertEquals([path, (await post(path, body)).status], [path, 200]);
      examples++;
    }
  }
  assertEquals(examples, 25);
});

Deno.test("docs show every route without a script or another server", async () => {
  const { get } = harness();
  const { paths } = await (await get("/openapi.json")).json();
  const response = await get("/docs");
  assertStringIncludes(
    response.headers.get("content-security-policy") ?? "",
    "default-src 'none'",
  );
  const page = await response.text();
  for (const path of Object.keys(paths)) assertStringIncludes(page, path);
  assert(!page.includes("<script"));
  assert(!/(src|href)="(https?:)?\/\//.test(page));
  assert(!/undefined|\[object/.test(page));
  assertStringIncludes(page, "messages[].role");
  assertStringIncludes(page, "number, 0 to 4");
});
