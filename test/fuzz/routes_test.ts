import { assert } from "@std/assert";
import { barrage } from "./barrage.ts";
import { tinyServer } from "./tiny_server.ts";

const REQUESTS = 4000;

Deno.test(`every route answers ${REQUESTS} requests made from its own document as documented`, async () => {
  await using server = await tinyServer({ patience: 1000 });
  const { statuses, codes } = await barrage(server, {
    seed: 20_261_123,
    count: REQUESTS,
  });
  for (const status of [200, 400, 403, 404, 405, 415, 422]) {
    assert(statuses.has(status), `no ${status} among ${[...statuses]}`);
  }
  assert(codes.has("text/event-stream"), "nothing was streamed");
  assert((statuses.get(200) ?? 0) > REQUESTS / 4, "most were refused");
});
