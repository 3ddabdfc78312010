import { assertEquals } from "@std/assert";
import { BusyError } from "../../src/errors.ts";
import { harness } from "./client.ts";

Deno.test("admit() turns requests for turns away before it reads them", async () => {
  let full = true;
  const { get, post, engine } = harness({
    full(): void {
      if (full) throw new BusyError("ERR_TOO_BUSY", "Cannot take a turn");
    },
  });
  const paths = [
    "/v1/generate",
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/state/branch",
    "/v1/state/score",
    "/v1/state/teach",
    "/v1/state/forget",
    "/v1/state/merge",
  ];
  for (const path of paths) {
    let pulls = 0;
    const body = new ReadableStream({
      pull(): Promise<void> {
        pulls++;
        return new Promise(() => {});
      },
    }, { highWaterMark: 0 });
    const response = await post(path, body, { duplex: "half" } as RequestInit);
    assertEquals([path, response.status, pulls], [path, 429, 0]);
    assertEquals(response.headers.get("retry-after"), "1");
    await response.body?.cancel();
  }
  assertEquals(engine.turns.length, 0);
  assertEquals((await get("/v1/model")).status, 200);
  assertEquals((await get("/v1/generate")).status, 405);
  assertEquals((await post("/v1/tokenize", { text: "a" })).status, 200);
  full = false;
  assertEquals((await post("/v1/generate", { prompt: "" })).status, 200);
});
