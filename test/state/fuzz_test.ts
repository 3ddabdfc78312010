import { assert } from "@std/assert";
import { fuzzTokens } from "../fuzz/tokens.ts";

const TOKENS = 25_000;

Deno.test(`Vault.open() answers ${TOKENS} mutated tokens with documented errors alone`, async () => {
  const seen = await fuzzTokens({ seed: 7, count: TOKENS });
  assert(seen.has("ERR_STATE_REJECTED"));
  assert(seen.has("ERR_STATE_UNREADABLE"));
});
