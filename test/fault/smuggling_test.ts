import { assert, assertEquals, assertMatch } from "@std/assert";
import { listen, Raw } from "./raw.ts";

const BODY = '{"text":"a"}';
const HEAD = "POST /v1/tokenize HTTP/1.1\r\nHost: x\r\n" +
  "Content-Type: application/json\r\n";
/** What a front end would take for a part of the body. */
const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
const { length } = BODY;
const chunk = `${length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

/** Heads over whose meaning two readers could differ, and what follows them. */
const ATTACKS: Readonly<Record<string, string>> = {
  "a length and chunks":
    `Content-Length: ${5 + HIDDEN.length}\r\nTransfer-Encoding: chunked\r\n` +
    `\r\n0\r\n\r\n${HIDDEN}`,
  "chunks and a length of 0":
    `Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n${chunk}${HIDDEN}`,
  "two lengths":
    `Content-Length: ${length}\r\nContent-Length: ${length + HIDDEN.length}` +
    `\r\n\r\n${BODY}${HIDDEN}`,
  "two lengths in one line": `Content-Length: ${length}, ${
    length + 1
  }\r\n\r\n${BODY}${HIDDEN}`,
  "a length with a sign": `Content-Length: +${length}\r\n\r\n${BODY}${HIDDEN}`,
  "a length below 0": `Content-Length: -1\r\n\r\n${BODY}${HIDDEN}`,
  "a length in hex": `Content-Length: 0xc\r\n\r\n${BODY}${HIDDEN}`,
  "a length of 2⁶⁴ and a little":
    `Content-Length: 18446744073709551628\r\n\r\n${BODY}${HIDDEN}`,
  "a space before the colon":
    `Content-Length : ${length}\r\n\r\n${BODY}${HIDDEN}`,
  "an encoding that is all but chunked":
    `Transfer-Encoding: xchunked\r\n\r\n${chunk}${HIDDEN}`,
  "an encoding after chunked":
    `Transfer-Encoding: chunked, identity\r\n\r\n${chunk}${HIDDEN}`,
  "two encodings":
    `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n` +
    `${chunk}${HIDDEN}`,
  "an encoding behind a tab":
    `Transfer-Encoding: \vchunked\r\n\r\n${chunk}${HIDDEN}`,
  "a header folded": `Transfer-Encoding:\r\n chunked\r\n\r\n${chunk}${HIDDEN}`,
  "a NUL in a header":
    `X: a\0b\r\nContent-Length: ${length}\r\n\r\n${BODY}${HIDDEN}`,
  "a chunk larger than any number":
    `Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${BODY}${HIDDEN}`,
  "a chunk below 0":
    `Transfer-Encoding: chunked\r\n\r\n-1\r\n${BODY}\r\n${HIDDEN}`,
  "two hosts": `Host: y\r\nContent-Length: ${length}\r\n\r\n${BODY}${HIDDEN}`,
};

Deno.test("a request that two readers could read differently hides no other", async (t) => {
  await using listener = await listen();
  for (const [what, rest] of Object.entries(ATTACKS)) {
    await t.step(what, async () => {
      using client = await Raw.open(listener.port);
      await client.write(HEAD + rest).catch(() => {});
      const answers = (await client.until(/^HTTP.*\r\n\r\n/s, 1000))
        .match(/HTTP\/1\.1 \d{3}/g) ?? [];
      assert(answers.length <= 1, `${answers}`);
      if (answers.length > 0) assertEquals(answers, ["HTTP/1.1 400"]);
      assert(!listener.seen.includes("GET /hidden"), `${listener.seen}`);
    });
  }
  // One after the other is what the protocol means by pipelining.
  using client = await Raw.open(listener.port);
  await client.write(
    `${HEAD}Content-Length: ${length}\r\n\r\n${BODY}${HIDDEN}`,
  );
  await client.until(/404 Not Found/);
  assertEquals(listener.seen.slice(-2), ["POST /v1/tokenize", "GET /hidden"]);
});

Deno.test("a request of another protocol, or larger than any, is refused", async (t) => {
  await using listener = await listen();
  const flood = Array.from({ length: 5000 }, (_, i) => `X-${i}: y\r\n`);
  const cases: Record<string, string> = {
    "HTTP/0.9": "GET /\r\n\r\n",
    "the beginning of TLS":
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "5,000 headers": `GET /healthz HTTP/1.1\r\nHost: x\r\n${
      flood.join("")
    }\r\n`,
    "a header of 3 MB": `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${
      "y".repeat(3e6)
    }\r\n\r\n`,
    "a path of 3 MB": `GET /${"y".repeat(3e6)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  };
  for (const [what, text] of Object.entries(cases)) {
    await t.step(what, async () => {
      using client = await Raw.open(listener.port);
      // It may be refused before all of it is written.
      await client.write(text).catch(() => {});
      const answer = await client.until(/\r\n\r\n/);
      if (answer !== "") assertMatch(answer, /^HTTP\/1\.1 4\d\d /);
      assertEquals(listener.seen, []);
    });
  }
});
