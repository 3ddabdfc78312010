import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { compactDecrypt, CompactEncrypt } from "jose";
import { StateError } from "../../src/errors.ts";
import type { CodecName, Save } from "../../src/state/save.ts";
import { encodeSave } from "../../src/state/save_format.ts";
import { Vault, type VaultOptions } from "../../src/state/vault.ts";
import { toBase64url } from "../../src/text/base64url.ts";
import {
  exampleFormat,
  exampleKey,
  exampleNote,
  exampleSave,
} from "./support.ts";

const SAVES = new URL("../fixtures/saves/", import.meta.url);
const AUDIENCE = "https://gosling.example";
const OLD = exampleKey("old"), NEW = exampleKey("new");
const int4 = { codec: "int4", tenant: "ada" } as const;

const REJECTED = {
  name: "StateError",
  code: "ERR_STATE_REJECTED",
  message:
    "Cannot open state: it was not sealed here for this caller, or was changed since",
};

Deno.test("Vault.open() gives back what Vault.seal() took, as text and as bytes", async () => {
  const vault = await open();
  const expected = exampleSave();
  for (
    const profile of ["sealed", "portable"] as const
  ) {
    const options = { codec: "exact", tenant: "ada", profile } as const;
    const text = await vault.seal(exampleSave(), options);
    const binary = await vault.sealBytes(exampleSave(), options);
    assertEquals(text.bytes, text.token.length);
    assertEquals(binary.bytes, binary.token.length);
    for (const { token, codec } of [text, binary]) {
      assertEquals(codec, "exact");
      const save = await vault.open(token, { tenant: "ada" });
      assertEquals({ ...save, counts: new Map(expected.counts) }, expected);
      assertEquals([...save.counts], [[7, 1], [12, 1.75], [40000, 0.5]]);
    }
  }
});

for (const name of ["v1.sealed.txt", "v1.sealed.bin", "v1.portable.txt"]) {
  Deno.test(`Vault.open() opens ${name} of version 1`, async () => {
    const keys = [NEW, exampleKey("golden")];
    const vault = await open({ keys });
    const file = new URL(name, SAVES);
    const token = name.endsWith(".txt")
      ? await Deno.readTextFile(file)
      : await Deno.readFile(file);
    const save = await vault.open(token, { tenant: "ada" });
    const again = encodeSave(save, exampleFormat(), "int4", exampleNote);
    assertEquals(
      again.bytes,
      await Deno.readFile(new URL("v1.int4.save", SAVES)),
    );
  });
}

Deno.test("Vault.seal() makes a JWE that jose opens with the documented key", async () => {
  const vault = await open({ ttl: 60 });
  const { token } = await vault.seal(exampleSave(), int4);
  const { plaintext, protectedHeader } = await compactDecrypt(
    token,
    async ({ salt }) => await contentKey(OLD.secret, String(salt), "ada"),
  );
  const { salt, ...rest } = protectedHeader as Record<string, unknown>;
  assertEquals(String(salt).length, 43);
  assertEquals(rest, {
    alg: "dir",
    enc: "A256GCM",
    typ: "gosling-state",
    kid: "old",
    ver: 1,
    aud: AUDIENCE,
    iat: 1_700_000_000,
    exp: 1_700_000_060,
  });
  const { bytes } = encodeSave(exampleSave(), exampleFormat(), "int4");
  assertEquals(new Uint8Array(plaintext), bytes);
});

Deno.test("Vault.open() opens a JWE that jose makes, whatever its length", async () => {
  const vault = await open();
  const salt = "A".repeat(43);
  const key = await contentKey(OLD.secret, salt, "ada");
  const header = { alg: "dir", enc: "A256GCM", kid: "old", salt };
  for (const engine of ["", "1", "12", "123", "1234", "12345"]) {
    const note = { ...exampleNote, engine };
    const save = { ...exampleSave(), utf8: new Uint8Array() };
    const { bytes } = encodeSave(save, exampleFormat(), "exact", note);
    const token = await new CompactEncrypt(bytes).setProtectedHeader(header)
      .encrypt(key);
    assertEquals((await vault.read(token, int4)).note, note);
  }
});

for (
  const [what, header] of [
    ["another cipher", { enc: "A256CBC-HS512" }],
    ["a critical field", { crit: ["b64"], b64: true }],
    ["compression", { zip: "DEF" }],
    ["no salt", { salt: undefined }],
    ["a salt that is no text", { salt: 7 }],
  ] as const
) {
  Deno.test(`Vault.open() rejects a header with ${what}`, async () => {
    const vault = await open();
    const { token } = await vault.seal(exampleSave(), int4);
    const [, , ...rest] = token.split(".");
    const salt = "A".repeat(43);
    const fields = { alg: "dir", enc: "A256GCM", kid: "old", salt, ...header };
    const forged = new TextEncoder().encode(JSON.stringify(fields)).toBase64({
      alphabet: "base64url",
      omitPadding: true,
    });
    await assertRejects(
      () => vault.open([forged, "", ...rest].join("."), int4),
      REJECTED,
    );
  });
}

Deno.test("Vault.open() leaves the bytes it was given as they are", async () => {
  const vault = await open();
  const { token } = await vault.sealBytes(exampleSave(), int4);
  const before = token.slice();
  await Promise.all([vault.open(token, int4), vault.open(token, int4)]);
  assertEquals(token, before);
});

Deno.test("Vault.seal() never makes the same token twice", async () => {
  const vault = await open();
  const tokens = await Promise.all(
    Array.from({ length: 50 }, () => vault.seal(exampleSave(), int4)),
  );
  const salts = tokens.map(({ token }) => token.split(".")[0]);
  const vectors = tokens.map(({ token }) => token.split(".")[2]);
  assertEquals(new Set(salts).size, 50);
  assertEquals(new Set(vectors).size, 50);
});

Deno.test("Vault.seal() says when it had to fall back to exact", async () => {
  const vault = await open();
  const values = exampleSave().values.with(0, 1e6);
  const save = { ...exampleSave(), values };
  const { token, codec } = await vault.seal(save, { codec: "f16" });
  assertEquals(codec, "exact");
  assertEquals((await vault.open(token)).values, values);
});

Deno.test("Vault.open() takes tokens of every key, and seals with the first", async () => {
  const before = await open({ keys: [OLD] });
  const during = await open({ keys: [NEW, OLD] });
  const after = await open({ keys: [NEW] });
  const old = await before.seal(exampleSave(), int4);
  const fresh = await during.seal(exampleSave(), int4);
  await during.open(old.token, int4);
  await after.open(fresh.token, int4);
  await assertRejects(() => after.open(old.token, int4), REJECTED);
  await assertRejects(() => before.open(fresh.token, int4), REJECTED);
});

Deno.test("Vault.seal() and Vault.open() use the keys that the list has now", async () => {
  const keys = [OLD];
  const vault = await open({ keys });
  const { token } = await vault.seal(exampleSave(), int4);
  keys.unshift(NEW);
  const { token: newer } = await vault.seal(exampleSave(), int4);
  await vault.open(token, int4);
  await vault.open(newer, int4);
  keys.pop();
  await vault.open(newer, int4);
  await assertRejects(() => vault.open(token, int4), REJECTED);
});

Deno.test("Vault.open() rejects another key of the same name", async () => {
  const impostor = { kid: "old", secret: new Uint8Array(32).fill(9) };
  const { token } = await (await open({ keys: [impostor] })).seal(
    exampleSave(),
    int4,
  );
  await assertRejects(async () => (await open()).open(token, int4), REJECTED);
});

Deno.test("Vault.open() rejects another tenant, none, and another audience", async () => {
  const vault = await open();
  const other = await open({ audience: "https://other.example" });
  for (const token of await both(vault)) {
    await assertRejects(() => vault.open(token, { tenant: "bob" }), REJECTED);
    await assertRejects(() => vault.open(token), REJECTED);
    await assertRejects(() => other.open(token, int4), REJECTED);
    await vault.open(token, int4);
  }
});

Deno.test("Vault.open() does not mix up the end of an audience and a tenant", async () => {
  const { token } = await (await open({ audience: 'a","b' })).seal(
    exampleSave(),
    { codec: "int4", tenant: "c" },
  );
  const other = await open({ audience: "a" });
  await assertRejects(() => other.open(token, { tenant: 'b","c' }), REJECTED);
});

Deno.test("Vault.open() refuses an expired token once it has proved authentic", async () => {
  let now = 1_700_000_000_000;
  const vault = await open({ ttl: 60, now: () => now });
  const { token } = await vault.seal(exampleSave(), int4);
  // Clocks may differ by a tenth of the time, and by a minute at most.
  now += 65_000;
  await vault.open(token, int4);
  now += 1_000;
  await assertRejects(() => vault.open(token, int4), {
    code: "ERR_STATE_EXPIRED",
    message: "Cannot open state: it expired 2023-11-14T22:14:20.000Z",
  });
  const forged = token.slice(0, -30) + (token.at(-30) === "A" ? "B" : "A") +
    token.slice(-29);
  await assertRejects(() => vault.open(forged, int4), REJECTED);
});

Deno.test("Vault.open() takes tokens of servers whose clocks are ahead or a minute behind", async () => {
  const noon = 1_700_000_000_000;
  const server = (late: number) =>
    open({ ttl: 86_400, now: () => noon + late });
  const ahead = await (await server(3_600_000)).seal(exampleSave(), int4);
  await (await server(0)).open(ahead.token, int4);
  const { token } = await (await server(0)).seal(exampleSave(), int4);
  const end = 86_400_000;
  await (await server(end + 59_000)).open(token, int4);
  await assertRejects(
    async () => await (await server(end + 60_000)).open(token, int4),
    { code: "ERR_STATE_EXPIRED" },
  );
});

Deno.test("Vault.open() refuses a later format version by its number", async () => {
  const { bytes } = encodeSave(exampleSave(), exampleFormat(), "int4");
  const salt = new Uint8Array(32).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
  const token = await new CompactEncrypt(bytes.with(8, 3))
    .setProtectedHeader({
      alg: "dir",
      enc: "A256GCM",
      kid: "old",
      typ: "gosling-state",
      salt,
    })
    .encrypt(await contentKey(OLD.secret, salt, "ada"));
  await assertRejects(async () => (await open()).open(token, int4), {
    code: "ERR_STATE_UNREADABLE",
    message: "Cannot read save: version is 3, expected 1 or 2",
  });
});

Deno.test("Vault.open() refuses a token of another model, Vault.read() reads it", async () => {
  const shape = { L: 1, D: 64 }, fingerprint = new Uint8Array(32);
  const other = await open({ format: { fingerprint, shape } });
  for (const token of await both(await open({ ttl: 60, note: exampleNote }))) {
    await assertRejects(() => other.open(token, int4), (error) => {
      assert(error instanceof StateError);
      return error.code === "ERR_STATE_MISMATCH" &&
        error.message.startsWith("Cannot use save: its fingerprint is fffe");
    });
    const { save, note, format, ...rest } = await other.read(token, int4);
    assertEquals(save.position, exampleSave().position);
    assertEquals(format.fingerprint, exampleFormat().fingerprint);
    assertEquals(note, exampleNote);
    assertEquals(rest, {
      codec: "int4",
      profile: "sealed",
      bytes: 2624,
      kid: "old",
      issuedAt: 1_700_000_000,
      firstIssuedAt: 1_700_000_000,
      expiresAt: 1_700_000_060,
    });
  }
});

Deno.test("Vault.open() takes what Vault.unwrap() gave, for that token and tenant alone", async () => {
  const vault = await open();
  const { token } = await vault.seal(exampleSave(), int4);
  const other = await vault.seal({ ...exampleSave(), position: 7 }, int4);
  const unwrapped = await vault.unwrap(token, { tenant: "ada" });
  assertEquals(unwrapped.header.codec, "int4");
  const known = { tenant: "ada", unwrapped };
  const { position } = exampleSave();
  assertEquals((await vault.open(token, known)).position, position);
  assertEquals((await vault.open(other.token, known)).position, 7);
  await assertRejects(
    () => vault.open(token, { tenant: "bob", unwrapped }),
    REJECTED,
  );
  await assertRejects(() => vault.unwrap(token, { tenant: "bob" }), REJECTED);
});

Deno.test("Vault.open() and Vault.seal() refuse portable tokens unless allowed", async () => {
  const allowed = await open(), strict = await open({ portable: false });
  const options = { ...int4, profile: "portable" } as const;
  const PROFILE = { name: "StateError", code: "ERR_STATE_PROFILE" };
  await assertRejects(() => strict.seal(exampleSave(), options), PROFILE);
  await assertRejects(() => strict.sealBytes(exampleSave(), options), PROFILE);
  const { token } = await allowed.seal(exampleSave(), options);
  const bytes = await allowed.sealBytes(exampleSave(), options);
  await assertRejects(() => strict.open(token), PROFILE);
  await assertRejects(() => strict.open(bytes.token), PROFILE);
  assertEquals((await allowed.open(token)).position, exampleSave().position);
});

Deno.test("Vault.open() names the first character that is not base64url, in every part of a token", async () => {
  const vault = await open();
  const token = await Deno.readTextFile(new URL("v1.sealed.txt", SAVES));
  const parts = token.split(".");
  const starts = parts.map((_, i) => parts.slice(0, i).join(".").length + 1);
  const ends = parts.map((part, i) => starts[i] + part.length - 1);
  for (const at of [0, 1, ...starts.slice(2), ...ends.slice(2)]) {
    for (const odd of [" ", "\n", "\t", "=", "==", "+", "/", "é", "\0", "☃"]) {
      for (const removed of [0, odd.length]) {
        const other = token.slice(0, at) + odd + token.slice(at + removed);
        const code = odd.charCodeAt(0).toString(16).toUpperCase();
        await assertRejects(() => vault.open(other), {
          name: "StateError",
          code: "ERR_STATE_UNREADABLE",
          message: `Cannot read token: character ${at} is U+${
            code.padStart(4, "0")
          }, expected base64url; a token is the "state" of an answer, whole`,
        });
      }
    }
  }
});

/** Text that is no token, and where the reader says it is not. */
for (
  const [what, change, found] of [
    ["nothing", () => "", "it is empty"],
    ["a word", () => "hello", "it has 1 part, expected 5"],
    ["a cut token", (t) => t.slice(0, 1000), "it has 4 parts, expected 5"],
    [
      "a token without its end",
      (t) => t.slice(0, -1),
      "part 5 has 21 characters, expected 22",
    ],
    [
      "a line break",
      (t) => `${t.slice(0, 76)}\n${t.slice(76)}`,
      "character 76 is U+000A, expected base64url",
    ],
    [
      "another alphabet",
      (t) => t.replace(/.$/, "+"),
      "character 3775 is U+002B, expected base64url",
    ],
    [
      "a JWE with an encrypted key",
      (t) => t.replace("..", ".abcd."),
      "part 2 has 4 characters, expected 0",
    ],
    [
      "a JWT",
      () => "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
      "it has 3 parts, expected 5",
    ],
    [
      "a vast header",
      (t) => "A".repeat(2000) + t,
      "part 1 has 2235 characters, expected 1 to 1366",
    ],
    [
      "a vast token",
      () => "A".repeat(10_000_000),
      "it has 10000000 bytes, expected at most 5614980",
    ],
  ] as [string, (token: string) => string, string][]
) {
  Deno.test(`Vault.open() refuses ${what} by saying where`, async () => {
    const vault = await open();
    const token = await Deno.readTextFile(new URL("v1.sealed.txt", SAVES));
    await assertRejects(() => vault.open(change(token)), {
      name: "StateError",
      code: "ERR_STATE_UNREADABLE",
      message:
        `Cannot read token: ${found}; a token is the "state" of an answer, whole`,
    });
  });
}

/** Every byte of a binary token, by what it belongs to, and what a flip gives. */
for (
  const [what, from, to, code] of [
    ["magic", 0, 8, "ERR_STATE_UNREADABLE"],
    ["version", 8, 10, "ERR_STATE_UNREADABLE"],
    ["header", 12, 185, "ERR_STATE_REJECTED"],
    ["initialization vector", 185, 197, "ERR_STATE_REJECTED"],
    ["tag", 197, 213, "ERR_STATE_REJECTED"],
    ["ciphertext", 213, 2809, "ERR_STATE_REJECTED"],
  ] as const
) {
  Deno.test(`Vault.open() refuses a flipped bit anywhere in the ${what}`, async () => {
    const vault = await open();
    const { token } = await vault.sealBytes(exampleSave(), int4);
    assertEquals(token.length, 2809);
    const step = to - from > 500 ? 7 : 1;
    for (let at = from; at < to; at += step) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = token.with(at, token[at] ^ 1 << bit);
        await assertRejects(
          () => vault.open(flipped, int4),
          code === "ERR_STATE_REJECTED" ? REJECTED : { code },
        );
      }
    }
  });
}

Deno.test("Vault.open() refuses a flipped bit anywhere in a text", async () => {
  const vault = await open();
  const { token } = await vault.seal(exampleSave(), int4);
  for (let at = 0; at < token.length; at += at < 330 ? 1 : 11) {
    for (let bit = 0; bit < 7; bit++) {
      const flipped = token.slice(0, at) +
        String.fromCharCode(token.charCodeAt(at) ^ 1 << bit) +
        token.slice(at + 1);
      // Changed into no base64url at all, or a dot made or lost, it is no token.
      const isToken = /^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/.test(flipped);
      await assertRejects(
        () => vault.open(flipped, int4),
        isToken ? REJECTED : { code: "ERR_STATE_UNREADABLE" },
      );
    }
  }
});

Deno.test("Vault.open() refuses bits that base64url does not use", async () => {
  const vault = await open();
  const { token } = await vault.seal(exampleSave(), int4);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const last = alphabet.indexOf(token.at(-1) ?? "");
  assertNotEquals(last, -1);
  const other = token.slice(0, -1) + alphabet[last + 1];
  await assertRejects(() => vault.open(other, int4), REJECTED);
});

Deno.test("Vault.open() refuses a flipped bit anywhere in a portable token", async () => {
  const vault = await open();
  const options = { ...int4, profile: "portable" } as const;
  const { token } = await vault.sealBytes(exampleSave(), options);
  for (let at = 0; at < token.length; at += at < 200 ? 1 : 13) {
    await assertRejects(() => vault.open(token.with(at, token[at] ^ 4)), {
      code: "ERR_STATE_UNREADABLE",
    });
  }
});

Deno.test("Vault.seal() derives the key of a locked token from the owner's secret as well", async () => {
  const vault = await open();
  const bytes = new Uint8Array(32).fill(7);
  const secret = { label: "mine", bytes };
  const { token } = await vault.seal(exampleSave(), { ...int4, secret });
  const { plaintext, protectedHeader } = await compactDecrypt(
    token,
    async ({ salt }) =>
      await contentKey(OLD.secret, String(salt), "ada", bytes),
  );
  assertEquals(protectedHeader["own"], "mine");
  const { bytes: file } = encodeSave(exampleSave(), exampleFormat(), "int4");
  assertEquals(new Uint8Array(plaintext), file);
  // Nor is one of the two enough: the server's key, or the secret.
  for (const [key, owner] of [[OLD], [NEW, bytes]] as const) {
    await assertRejects(
      () =>
        compactDecrypt(
          token,
          async ({ salt }) =>
            await contentKey(key.secret, String(salt), "ada", owner),
        ),
      { name: "JWEDecryptionFailed" },
    );
  }
});

Deno.test("the header of a token says what is documented, and nothing else", async () => {
  const vault = await open({ ttl: 60, maxAge: 600 });
  const { token } = await vault.seal(exampleSave(), {
    ...int4,
    secret: { label: "mine", bytes: new Uint8Array(32) },
    lineage: { firstIssuedAt: 1_699_999_990, renewals: 3 },
    renewable: false,
  });
  const [header] = token.split(".");
  const fields = JSON.parse(new TextDecoder().decode(
    Uint8Array.fromBase64(header, { alphabet: "base64url" }),
  ));
  const legible = [
    ...["alg", "enc", "typ", "kid", "ver", "aud", "iat", "orig_iat"],
    ...["renewals", "exp", "renewable", "own", "salt"],
  ];
  assertEquals(Object.keys(fields), legible);
  const security = await Deno.readTextFile(
    new URL("../../SECURITY.md", import.meta.url),
  );
  const [sealed = ""] = /\*\*What is sealed\.\*\*[^]*?\n\n/.exec(security) ??
    [];
  for (const name of legible) assert(sealed.includes(`\`${name}\``), name);
});

Deno.test("the length of a token shows codec and model, and nothing of how much was read", async () => {
  const vault = await open();
  const length = async (change: Partial<Save>, codec: CodecName = "int8") => {
    const save = { ...exampleSave(), counts: new Map(), ...change };
    return (await vault.seal(save, { codec })).token.length;
  };
  for (const codec of ["f16", "int10", "int8", "int6", "int4"] as const) {
    const read = await length({ position: 1 }, codec);
    const values = exampleSave().values.map((value) => value / 3);
    assertEquals(await length({ position: 2 ** 40, values }, codec), read);
  }
  // What comes besides is as long as it is.
  const plain = await length({});
  assert(await length({ counts: new Map([[7, 1]]) }) > plain);
  assert(await length({ unread: [1, 2, 3, 4, 5, 6, 7, 8] }) > plain);
});

/** What WebCrypto is asked for while it lives. */
class CryptoWatch implements Disposable {
  readonly #subtle = crypto.subtle;
  readonly calls: string[] = [];
  readonly derived: HkdfParams[] = [];
  readonly extractable: boolean[] = [];

  constructor() {
    const { calls, derived, extractable } = this;
    const subtle = this.#subtle;
    const { deriveKey, importKey, encrypt, decrypt } = subtle;
    Object.assign(subtle, {
      importKey(...args: Parameters<typeof importKey>) {
        calls.push("importKey");
        extractable.push(Boolean(args[3]));
        return importKey.apply(subtle, args);
      },
      deriveKey(...args: Parameters<typeof deriveKey>) {
        calls.push("deriveKey");
        derived.push(args[0] as HkdfParams);
        extractable.push(args[3]);
        return deriveKey.apply(subtle, args);
      },
      encrypt(...args: Parameters<typeof encrypt>) {
        calls.push("encrypt");
        return encrypt.apply(subtle, args);
      },
      decrypt(...args: Parameters<typeof decrypt>) {
        calls.push("decrypt");
        return decrypt.apply(subtle, args);
      },
    });
  }

  [Symbol.dispose](): void {
    for (const name of ["deriveKey", "importKey", "encrypt", "decrypt"]) {
      Reflect.deleteProperty(this.#subtle, name);
    }
  }
}

Deno.test("every token has a key of its own, and no key can be read out", async () => {
  using watch = new CryptoWatch();
  const vault = await open();
  for (let i = 0; i < 3; i++) await vault.seal(exampleSave(), int4);
  assertEquals(watch.calls, [
    "importKey",
    ...Array(3).fill(["deriveKey", "encrypt"]).flat(),
  ]);
  assertEquals(watch.extractable, Array(4).fill(false));
  const salts = watch.derived.map(({ name, hash, salt }) => {
    assertEquals([name, hash], ["HKDF", "SHA-256"]);
    return new Uint8Array(salt as ArrayBuffer).toHex();
  });
  assertEquals(salts.map(({ length }) => length), [64, 64, 64]);
  assertEquals(new Set(salts).size, 3);
});

Deno.test("salts and vectors are drawn anew from the system for every token", async () => {
  const vault = await open();
  const { getRandomValues } = crypto;
  const drawn: string[] = [];
  Object.assign(crypto, {
    getRandomValues(array: Uint8Array<ArrayBuffer>): Uint8Array {
      const filled = getRandomValues.call(crypto, array) as typeof array;
      drawn.push(toBase64url(filled));
      return filled;
    },
  });
  try {
    const found: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { token } = await vault.seal(exampleSave(), int4);
      const [header, , vector] = token.split(".");
      const bytes = Uint8Array.fromBase64(header, { alphabet: "base64url" });
      found.push(JSON.parse(new TextDecoder().decode(bytes)).salt, vector);
    }
    assertEquals(found, drawn);
    assertEquals(found.map(({ length }) => length), [43, 16, 43, 16, 43, 16]);
  } finally {
    Reflect.deleteProperty(crypto, "getRandomValues");
  }
});

Deno.test("Vault.open() does the same work for a token of another tenant as for a forgery", async () => {
  const secret = { label: "mine", bytes: new Uint8Array(32).fill(1) };
  const wrong = { label: "mine", bytes: new Uint8Array(32).fill(2) };
  const vault = await open();
  const plain = (await vault.seal(exampleSave(), int4)).token;
  const locked = (await vault.seal(exampleSave(), { ...int4, secret })).token;
  const elsewhere = await open({ audience: "https://other.example" });
  const impostor = { kid: "old", secret: new Uint8Array(32).fill(9) };
  const forged = plain.slice(0, -30) + (plain.at(-30) === "A" ? "B" : "A") +
    plain.slice(-29);
  const kinds: readonly [string, () => Promise<unknown>][] = [
    ["another tenant", () => vault.open(plain, { tenant: "bob" })],
    ["a changed text", () => vault.open(forged, int4)],
    [
      "another audience",
      async () =>
        vault.open((await elsewhere.seal(exampleSave(), int4)).token, int4),
    ],
    ["another key of the name", async () =>
      vault.open(
        (await (await open({ keys: [impostor] })).seal(exampleSave(), int4))
          .token,
        int4,
      )],
    ["a wrong secret", () => vault.open(locked, { ...int4, secret: wrong })],
  ];
  for (const [what, attempt] of kinds) {
    using watch = new CryptoWatch();
    await assertRejects(attempt, REJECTED);
    assertEquals([what, ...watch.calls.slice(-2)], [
      what,
      "deriveKey",
      "decrypt",
    ]);
  }
});

/** A vault of the example model; the clock stands still. */
function open(options: Partial<VaultOptions> = {}): Promise<Vault> {
  return Vault.create({
    keys: [OLD],
    format: exampleFormat(),
    audience: AUDIENCE,
    portable: true,
    now: () => 1_700_000_000_000,
    ...options,
  });
}

/** The example as text and as bytes. */
async function both(
  vault: Vault,
): Promise<readonly (string | Uint8Array<ArrayBuffer>)[]> {
  const text = await vault.seal(exampleSave(), int4);
  const bytes = await vault.sealBytes(exampleSave(), int4);
  return [text.token, bytes.token];
}

/** The content key, from the description alone. */
async function contentKey(
  secret: Uint8Array<ArrayBuffer>,
  salt: string,
  tenant: string,
  owner?: Uint8Array,
): Promise<Uint8Array> {
  const master = await crypto.subtle.importKey("raw", secret, "HKDF", false, [
    "deriveBits",
  ]);
  const bits = await crypto.subtle.deriveBits(
    {
      name: "HKDF",
      hash: "SHA-256",
      salt: Uint8Array.from([
        ...Uint8Array.fromBase64(salt, { alphabet: "base64url" }),
        ...owner ?? [],
      ]),
      info: new TextEncoder().encode(JSON.stringify([
        owner === undefined ? "gosling state" : "gosling owned state",
        AUDIENCE,
        tenant,
      ])),
    },
    master,
    256,
  );
  return new Uint8Array(bits);
}
