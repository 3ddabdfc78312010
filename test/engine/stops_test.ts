import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Engine, StopSequence } from "../../src/engine/engine.ts";
import { StopSequenceMatcher } from "../../src/engine/turn/stop_sequences.ts";
import { encodeBytes } from "../../src/engine/turn/encode_bytes.ts";
import type { Save } from "../../src/state/save.ts";
import { fakeTokenizer, token } from "../support/fake_device.ts";
import { fakeEngine, SAMPLING, take } from "./laws.ts";

const MOST = 40;

const LETTERS = [
  ...["a", "b", "c", "\n", "ab", "\n\n", "b\n", "abc", "\n\nUser", "é", "cab"]
    .map(token),
  0xc3 + 1, // the first byte of é alone
  0xa9 + 1,
];

/** Letters, and sometimes the end of the text. */
function follow(last: number): readonly number[] {
  return last === token("abc") ? [...LETTERS, fakeTokenizer.end] : LETTERS;
}

/** Where the first of `stops` ends in `bytes`, found by looking everywhere. */
function firstStop(
  bytes: readonly number[],
  stops: readonly StopSequence[],
): { start: number; end: number; stop: StopSequence } | undefined {
  for (let end = 1; end <= bytes.length; end++) {
    const found = stops
      .map((stop) => ({ stop, text: new TextEncoder().encode(stop.text) }))
      .filter(({ text }) =>
        text.length <= end &&
        text.every((byte, i) => byte === bytes[end - text.length + i])
      )
      .sort((a, b) => b.text.length - a.text.length);
    if (found.length > 0) {
      const [{ stop, text }] = found;
      return { start: end - text.length, end, stop };
    }
  }
}

/** What a turn must come to, from the saves before and after each token. */
interface Expected {
  readonly text: string;
  /** Tokens drawn in the save whose values these are. */
  readonly state: number;
  /** Tokens drawn that count. */
  readonly whole: number;
  readonly unread: readonly number[];
  readonly stop: StopSequence | undefined;
  readonly finish: string;
}

function expect(
  drawn: readonly number[],
  saves: readonly Save[],
  stops: readonly StopSequence[],
): Expected {
  const decode = (bytes: readonly number[]) =>
    new TextDecoder().decode(Uint8Array.from(bytes));
  const ended = drawn.indexOf(fakeTokenizer.end);
  const tokens = ended < 0 ? drawn : drawn.slice(0, ended);
  const bytes = tokens.flatMap((id) => [...fakeTokenizer.bytes(id)]);
  const starts = tokens.map((_, i) =>
    tokens.slice(0, i).flatMap((id) => [...fakeTokenizer.bytes(id)]).length
  );
  const found = firstStop(bytes, stops);
  if (found === undefined) {
    const kept = stops.find((stop) => stop.kept);
    const all = Uint8Array.from(bytes);
    const state = ended < 0 ? MOST : ended + 1;
    return {
      text: ended >= 0
        ? decode(bytes)
        : new TextDecoder().decode(all, { stream: true }),
      state,
      whole: ended < 0 ? MOST : kept ? ended : ended + 1,
      unread: ended >= 0 && kept
        ? fakeTokenizer.encode(kept.text)
        : saves[state].unread,
      stop: ended < 0 ? undefined : kept,
      finish: ended < 0 ? "length" : "stop",
    };
  }
  const { start, end, stop } = found;
  const text = decode(bytes.slice(0, start));
  const holding = (byte: number) => starts.findLastIndex((at) => at <= byte);
  const [first, last] = [holding(start), holding(end - 1)];
  const common = { text, stop, finish: "stop" };
  const part = (from: number, to: number) =>
    encodeBytes(Uint8Array.from(bytes.slice(from, to)), fakeTokenizer);
  if (stop.kept) {
    const inside = end < starts[last] +
        fakeTokenizer.bytes(tokens[last]).length;
    return {
      ...common,
      state: last + 1,
      whole: inside ? last : last + 1,
      unread: inside ? part(starts[last], end) : saves[last + 1].unread,
    };
  }
  const before = start > starts[first];
  return {
    ...common,
    state: before ? first + 1 : first,
    whole: first,
    unread: before ? part(starts[first], start) : saves[first].unread,
  };
}

/** Saves with 0, 1, … tokens drawn, and the tokens. */
async function trace(
  engine: Engine,
  turn: Parameters<typeof take>[1],
): Promise<{ saves: Save[]; drawn: number[] }> {
  const saves = [(await take(engine, { ...turn, maxTokens: 0 })).save];
  const drawn = [];
  while (drawn.length < MOST) {
    const { save } = await take(engine, {
      ...turn,
      prompt: "",
      save: saves[saves.length - 1],
      maxTokens: 1,
    });
    saves.push(save);
    drawn.push(save.unread[0]);
    if (save.unread[0] === fakeTokenizer.end) break;
  }
  return { saves, drawn };
}

const stopArbitrary = fc.record({
  text: fc.constantFrom(
    "\n\n",
    "\n",
    "é",
    "bc",
    "abca",
    "cc\n",
    "User",
    "aé\n",
  ),
  kept: fc.boolean(),
});

Deno.test("Engine.generate() ends at a stop to the byte, and leaves the state of that place", async () => {
  const met = { rewound: 0, inside: 0, kept: 0, end: 0, length: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(stopArbitrary, { maxLength: 3 }),
      fc.tuple(fc.nat(), fc.nat()),
      fc.constantFrom("", "a", "cab\n".repeat(200)),
      fc.constantFrom("wasm" as const, "webgpu" as const),
      fc.constantFrom(1, 2),
      fc.constantFrom(0, 0.5),
      async (stops, seed, prompt, kind, lanes, presencePenalty) => {
        const { engine, model } = await fakeEngine({
          lanes,
          maxTurns: 1,
          follow,
          kind,
        });
        const turn = {
          prompt,
          seed,
          sampling: { ...SAMPLING, presencePenalty },
        };
        const { saves, drawn } = await trace(engine, turn);
        const wanted = expect(drawn, saves, stops);
        model.copies.length = 0;
        const found = await take(engine, { ...turn, stops, maxTokens: MOST });

        assertEquals(found.text, wanted.text);
        assertEquals(found.finish, wanted.finish);
        assertEquals(found.stop, wanted.stop);
        assertEquals(found.save.unread, wanted.unread);
        const { values, position, chain } = saves[wanted.state];
        assertEquals(found.save.values, values);
        assertEquals(found.save.position, position);
        assertEquals(found.save.chain, chain);
        assertEquals(
          new Map(found.save.counts),
          new Map(saves[wanted.whole].counts),
        );
        for (const lane of [...Array(lanes).keys()]) {
          assert(
            model.peek(lane).every((value) => value === 0),
            "lanes zeroed",
          );
        }
        if (lanes > 1 && !stops.every(({ kept }) => kept)) {
          const writes = model.copies.filter((call) =>
            call.startsWith("write")
          );
          assertEquals(writes.length, 1, "a copy at hand is used");
        }
        met.rewound += Number(model.copies.length > 1);
        met.inside += Number(wanted.state !== wanted.whole);
        met.kept += Number(wanted.stop?.kept ?? false);
        met.end += Number(wanted.stop === undefined);
        met.length += Number(wanted.finish === "length");
        await engine.dispose();
      },
    ),
    { numRuns: 300 },
  );
  for (const [name, times] of Object.entries(met)) {
    assert(times > 3, `${name}: ${times} times`);
  }
});

Deno.test("Engine.generate() gives out text as soon as no stop can begin in it", async () => {
  const script = ["a", "b", "c"].map(token);
  const { engine } = await fakeEngine({
    lanes: 1,
    follow: (last) => [script[(script.indexOf(last) + 1) % 3]],
  });
  const sampling = { ...SAMPLING, temperature: 0 };
  const turn = { prompt: "c", sampling, maxTokens: 8 };
  // Drawn as a, b, ca, bcab: "ab" waits until it is known not to be "abab".
  const { pieces } = await take(engine, {
    ...turn,
    stops: [{ text: "abab", kept: false }],
  });
  assertEquals(pieces, ["abc", "abcab"]);
  const free = await take(engine, turn);
  assertEquals(free.pieces, ["a", "b", "ca", "bcab"]);
  await engine.dispose();
});

Deno.test("Engine.generate() goes on after a kept stop as after any text", async () => {
  const { engine } = await fakeEngine({
    lanes: 1,
    follow: (last) => last === token("a") ? [token("\n\nUser")] : [token("a")],
  });
  const first = await take(engine, {
    prompt: "b",
    stops: [{ text: "\n\n", kept: true }],
  });
  assertEquals(first.text, "a");
  assertEquals(first.save.unread, [token("\n\n")]);
  assertEquals(first.usage.completionTokens, 2);
  const second = await take(engine, { save: first.save, maxTokens: 1 });
  assertEquals(second.text, "a");
  await engine.dispose();
});

Deno.test("StopMatcher.push() finds the stop that ends first, the longest of several", () => {
  const matcher = new StopSequenceMatcher([
    { text: "b", kept: false },
    { text: "ab", kept: true },
    { text: "abc", kept: false },
  ]);
  assertEquals(matcher.push(0x61), undefined);
  assertEquals(matcher.held, 1);
  assertEquals(matcher.push(0x62)?.stop, { text: "ab", kept: true });
});

Deno.test("StopMatcher.push() falls back to a shorter beginning", () => {
  const matcher = new StopSequenceMatcher([{ text: "aabaac", kept: false }]);
  const held = [..."aabaabaac"].map((letter) => {
    const found = matcher.push(letter.charCodeAt(0));
    return found ? "stop" : matcher.held;
  });
  assertEquals(held, [1, 2, 3, 4, 5, 3, 4, 5, "stop"]);
});

Deno.test("encodeBytes() writes bytes that are no text token by token", () => {
  assertEquals(encodeBytes(Uint8Array.of(0xc3), fakeTokenizer), [0xc3 + 1]);
  assertEquals(
    encodeBytes(Uint8Array.of(0xff, 0x61), fakeTokenizer),
    [256, token("a")],
  );
});
