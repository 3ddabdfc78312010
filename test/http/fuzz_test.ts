import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { randomKey } from "../../src/state/keys.ts";
import { Vault } from "../../src/state/seal.ts";
import { harness } from "./client.ts";
import { fakeEngine } from "./fake_engine.ts";

const RUNS = 300;

/** Values of the kinds that fields have, right and wrong. */
const anything = fc.oneof(
  fc.constantFrom<unknown>("", "fake", "Hi", "\n\n", "int8", "none", "user"),
  fc.constantFrom<unknown>(0, 1, 2, -1, 0.5, 1e300, 2 ** 53, null, true, false),
  fc.constantFrom<unknown>([], {}, [""], ["Hi"], [1, 2], [[1]], { "1": 1 }),
  fc.constant<unknown>([{ role: "user", content: "Hi" }]),
  fc.constant<unknown>([{ type: "message", role: "user", content: "\ud800" }]),
  fc.constant<unknown>([{ prompt: "Hi" }]),
  fc.string({ unit: "binary" }),
  fc.jsonValue(),
);

Deno.test("no body whatsoever makes a route fail", async () => {
  const sealer = await Vault.create({
    keys: [randomKey()],
    format: fakeEngine().format,
    audience: "test",
    portable: true,
  });
  const { get, post, reported } = harness({ portable: true, sealer });
  const { state } = await (await post("/v1/generate", { prompt: "" })).json();
  const value = fc.oneof(anything, fc.constantFrom(state, [{ state }]));
  const { paths, components } = await (await get("/openapi.json")).json();
  for (const [path, { post: operation }] of Object.entries<Api>(paths)) {
    if (operation === undefined) continue;
    const { schema } = operation.requestBody.content["application/json"];
    const name = schema.$ref.split("/").at(-1) ?? "";
    const body = fc.record(
      Object.fromEntries(
        fieldsOf(components.schemas[name]).map((field) => [field, value]),
      ),
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(body, async (fields) => {
        const response = await post(path, fields);
        const text = await response.text();
        assert(
          response.status < 500 && !text.includes("ERR_INTERNAL"),
          `${path} ${JSON.stringify(fields)}: ${text}`,
        );
      }),
      { numRuns: RUNS },
    );
  }
  assertEquals(reported, []);
});

interface Api {
  readonly post?: {
    readonly requestBody: {
      readonly content: {
        readonly "application/json": { readonly schema: { $ref: string } };
      };
    };
  };
}

function fieldsOf(
  schema: { properties?: object; anyOf?: { properties: object }[] },
): string[] {
  const { properties = {}, anyOf = [] } = schema;
  return [properties, ...anyOf.map(({ properties }) => properties)]
    .flatMap((properties) => Object.keys(properties));
}
