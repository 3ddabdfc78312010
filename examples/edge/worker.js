/**
 * A worker in front of a server, for Cloudflare and whatever speaks like it. People
 * send words and get words; the worker keeps each one's save, and the server's key.
 * The server keeps nothing.
 *
 *     POST /say   {"words": "My name is Dave."}   →  {"answer": "…"}
 *     POST /undo                                  →  {"undone": true}
 *
 * Bindings: `GOSLING_URL`, the secret `GOSLING_KEY`, and `SAVES`, a KV namespace.
 *
 * @module
 */

/** Seconds that a conversation is kept after its last turn. */
const KEPT = 30 * 24 * 3600;

/** Saves of turns that can be taken back. */
const TURNS = 5;

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (request.method !== "POST") return reply({ error: "POST only" }, 405);
    const person = personOf(request) ?? crypto.randomUUID();
    const saves = await env.SAVES.get(person, "json") ?? [];
    if (pathname === "/undo") {
      const undone = saves.pop() !== undefined;
      await keep(env, person, saves);
      return reply({ undone }, 200, person);
    }
    if (pathname !== "/say") return reply({ error: "No such path" }, 404);
    const { words } = await request.json().catch(() => ({}));
    if (typeof words !== "string" || words.length > 2000) {
      return reply({ error: "Expected words, 2000 characters at most" }, 400);
    }
    const answer = await fetch(`${env.GOSLING_URL}/v1/generate`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${env.GOSLING_KEY}`,
      },
      body: JSON.stringify({
        messages: [{ role: "user", content: words }],
        max_tokens: 200,
        temperature: 0,
        state: saves.at(-1),
      }),
    });
    if (!answer.ok) {
      // Busy is busy; anything else is none of the caller's business.
      const status = answer.status === 429 || answer.status === 503 ? 503 : 502;
      const after = answer.headers.get("retry-after") ?? "1";
      return reply({ error: "Not now" }, status, person, {
        "retry-after": after,
      });
    }
    const { text, state } = await answer.json();
    await keep(env, person, [...saves, state].slice(-TURNS));
    return reply({ answer: text }, 200, person);
  },
};

/** Whom the cookie names; a real site asks its own session. */
function personOf(request) {
  const cookie = request.headers.get("cookie") ?? "";
  return /(?:^|; )person=([\da-f-]{36})/.exec(cookie)?.[1];
}

async function keep(env, person, saves) {
  if (saves.length === 0) return await env.SAVES.delete(person);
  const text = JSON.stringify(saves);
  await env.SAVES.put(person, text, { expirationTtl: KEPT });
}

function reply(body, status, person, headers = {}) {
  const cookie = person && {
    "set-cookie": `person=${person}; Path=/; HttpOnly; Secure; SameSite=Lax`,
  };
  return Response.json(body, { status, headers: { ...headers, ...cookie } });
}
