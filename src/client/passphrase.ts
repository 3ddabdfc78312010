/**
 * A secret that locks states, from a passphrase. It is derived where the passphrase
 * is typed; the server sees the secret while it works, and the passphrase never.
 *
 * The derivation is slow on purpose: PBKDF2 with SHA-256 and 600,000 rounds, as
 * OWASP's Password Storage Cheat Sheet has it (2023), by WebCrypto. Its salt and
 * rounds are the label of the secret, which a locked state carries legibly.
 *
 * @module
 */

const KDF = "pbkdf2-sha256";

/** Rounds of a new label; with fewer, a label is refused. */
const PBKDF2_ROUNDS = 600_000;

/** A label that asks for more would only keep its reader busy. */
const MOST_ROUNDS = 10_000_000;

const SALT_BYTES = 16;

/** A new label: a random salt, and how slow the derivation is. */
export function newLabel(): string {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  return `${KDF}.${PBKDF2_ROUNDS}.${base64url(salt)}`;
}

/**
 * Derives the secret of a passphrase, as `secret` of a client takes it. Takes a good
 * part of a second.
 *
 * @param label From {@linkcode newLabel}, or that of the state to be opened.
 * @throws {TypeError} If the label names no derivation of this kind, or a fast one.
 */
export async function lockSecret(
  passphrase: string,
  label: string,
): Promise<string> {
  const [, count = "", text = ""] =
    /^pbkdf2-sha256\.(\d{1,8})\.([\w-]{22})$/.exec(label) ?? [];
  const iterations = Number(count);
  if (iterations < PBKDF2_ROUNDS || iterations > MOST_ROUNDS) {
    throw new TypeError(
      `Cannot derive a secret: its label is ${label || "empty"}, expected ` +
        `${KDF}.ROUNDS.SALT with ${PBKDF2_ROUNDS} to ${MOST_ROUNDS} rounds`,
    );
  }
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(passphrase.normalize("NFC")),
    "PBKDF2",
    false,
    ["deriveBits"],
  );
  const salt = fromBase64url(text);
  const bits = await crypto.subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations },
    key,
    256,
  );
  return `${label}:${base64url(new Uint8Array(bits))}`;
}

/**
 * The label of the secret that a state needs; nothing if it needs none. Says nothing
 * of whether the state is authentic.
 */
export function labelOf(state: string): string | undefined {
  const [header = ""] = state.split("..", 1);
  try {
    const text = new TextDecoder().decode(fromBase64url(header));
    const { own }: { own?: unknown } = JSON.parse(text);
    return typeof own === "string" ? own : undefined;
  } catch {
    return undefined;
  }
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-")
    .replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}
