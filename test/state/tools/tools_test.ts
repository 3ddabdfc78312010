import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeSave, readSave } from "../../../src/state/save_format.ts";
import type { Save } from "../../../src/state/save.ts";
import { Vault } from "../../../src/state/vault.ts";
import { diff, type Owned } from "../../../src/state/analysis/state_diff.ts";
import { inspectSave } from "../../../src/state/analysis/inspect_save.ts";
import {
  type Ingredient,
  mixing,
} from "../../../src/state/analysis/mix_states.ts";
import { atOnce } from "../../../src/steps.ts";
import { assertClose } from "../../support/close.ts";
import {
  exampleFormat,
  exampleKey,
  exampleNote,
  exampleSave,
  golden,
  stateOf,
  states,
} from "../support.ts";

const OTHER = { ...exampleFormat(), fingerprint: new Uint8Array(32) };

Deno.test("inspectSave() tells all of a sealed save but its text", async () => {
  const vault = await Vault.create({
    keys: [exampleKey("a")],
    format: exampleFormat(),
    audience: "test",
    ttl: 60,
    note: exampleNote,
    now: () => 1_700_000_000_000,
  });
  const { token } = await vault.seal(exampleSave(), { codec: "exact" });
  const { layers, bytes, largest, ...rest } = inspectSave(
    await vault.read(token),
  );
  assertEquals(rest, {
    position: 4294967301,
    codec: "exact",
    model: {
      fingerprint: exampleFormat().fingerprint.toHex(),
      L: 1,
      D: 64,
      H: 1,
    },
    seal: {
      profile: "sealed",
      kid: "a",
      issued: "2023-11-14T22:13:20.000Z",
      expires: "2023-11-14T22:14:20.000Z",
    },
    note: exampleNote,
    unread: [65535, 10],
    chat: { open: true, thinking: false },
    chain: exampleSave().chain.toHex(),
    seed: "00000007deadbeef",
    counts: 3,
    utf8: "f09f8e",
  });
  const { values } = exampleSave();
  const { bytes: file } = encodeSave(
    exampleSave(),
    exampleFormat(),
    "exact",
    exampleNote,
  );
  assertEquals(bytes, file.length);
  assertEquals(largest, Math.max(...values.map(Math.abs)));
  const norm = (from: number, to: number) =>
    Math.hypot(...values.subarray(from, to));
  assertEquals(layers.length, 1);
  const [{ attShift, wkv, heads, ffnShift }] = layers;
  assertClose([attShift, wkv, heads[0], ffnShift], [
    norm(0, 64),
    norm(64, 64 * 65),
    norm(64, 64 * 65),
    norm(64 * 65, 64 * 66),
  ], { nmse: 1e-25 });
});

Deno.test("inspectSave() reads a bare file too", () => {
  const { bytes } = encodeSave(exampleSave(), exampleFormat(), "int8");
  const found = inspectSave(readSave(bytes));
  assertEquals(found.codec, "int8");
  assertEquals(found.seal, undefined);
});

Deno.test("diff() of a save and itself is nothing", () => {
  const found = diff(owned(exampleSave()), owned(exampleSave()));
  assertEquals([found.equal, found.sameText, found.positions], [true, true, 0]);
  assertEquals(found.total, { absolute: 0, relative: 0, cosine: 1 });
});

Deno.test("diff() finds the layer, the head and the part that changed", async () => {
  const { values, shape } = await golden("lm128.hello");
  const format = { fingerprint: new Uint8Array(32), shape };
  const layer = 128 * 66, head = 2 * layer + 128 + 4096;
  const changed = values.with(head + 7, values[head + 7] + 3)
    .with(3 * layer, values[3 * layer] + 4);
  const a = { ...exampleSave(), values };
  const chain = exampleSave().chain.with(0, 1);
  const b = { ...a, values: changed, position: a.position + 9, chain };
  const found = diff({ save: a, format }, { save: b, format });
  assertEquals([found.equal, found.sameText, found.positions], [
    false,
    false,
    9,
  ]);
  const parts = found.layers.flatMap(({ attShift, heads, ffnShift }) =>
    [attShift, ...heads, ffnShift].map(({ absolute }) => absolute)
  );
  assertClose(parts, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0], {
    nmse: 1e-12,
  });
  assertClose([found.total.absolute], [5], { nmse: 1e-12 });
  assertClose([found.layers[2].wkv.absolute], [3], { nmse: 1e-12 });
});

Deno.test("diff() measures angles, and does not divide by zero", () => {
  const save = exampleSave();
  const with_ = (map: (value: number) => number): Owned =>
    owned({ ...save, values: save.values.map(map) });
  const { relative, cosine } = diff(owned(save), with_((x) => -x)).total;
  assertClose([relative, cosine], [2, -1], { nmse: 1e-20 });
  const zero = with_(() => 0);
  assertEquals(diff(zero, zero).total.cosine, 1);
  assertEquals(diff(zero, owned(save)).total.relative, 1);
  assertEquals(diff(owned(save), zero).total.cosine, 0);
});

const mix = (ingredients: readonly Ingredient[]) => atOnce(mixing(ingredients));

Deno.test("mix(1, 0) is the first save, to the bit", () => {
  const property = fc.property(states(), states(), (first, second) => {
    const a = { ...exampleSave(), values: stateOf(first).values };
    const b = { ...exampleSave(), values: stateOf(second).values };
    const mixed = mix([{ ...owned(a), weight: 1 }, {
      ...owned(b),
      weight: 0,
    }]);
    assertEquals(mixed, a);
  });
  fc.assert(property, { numRuns: 50 });
});

Deno.test("mixing() takes the weighted mean, and the rest from the heaviest", () => {
  const a = exampleSave();
  const b: Save = {
    ...a,
    values: a.values.map((x) => 5 * x + 1),
    position: 9,
    unread: [4],
    chain: new Uint8Array(32),
  };
  const mixed = mix([{ ...owned(a), weight: 1 }, {
    ...owned(b),
    weight: 3,
  }]);
  assertEquals(mixed.values, a.values.map((x, i) => (x + 3 * b.values[i]) / 4));
  assertEquals([mixed.position, mixed.unread], [9, [4]]);
  assert(![a, b].some(({ chain }) => chain.toHex() === mixed.chain.toHex()));
  const again = mix([{ ...owned(a), weight: 1 }, {
    ...owned(b),
    weight: 3,
  }]);
  assertEquals(again, mixed);
  const even = mix([{ ...owned(a), weight: 2 }, {
    ...owned(b),
    weight: 2,
  }]);
  assertEquals(even.position, a.position);
});

Deno.test("mixing() can take away", () => {
  const a = exampleSave();
  const b = { ...a, values: a.values.map((x) => x + 2) };
  const mixed = mix([{ ...owned(a), weight: 2 }, {
    ...owned(b),
    weight: -1,
  }]);
  assertClose(mixed.values, a.values.map((x) => x - 2), { nmse: 1e-14 });
});

for (const weights of [[], [0], [1, -1], [-1], [NaN], [Infinity, 1]]) {
  Deno.test(`mix() refuses the weights [${weights}]`, () => {
    assertThrows(
      () =>
        mix(
          weights.map((weight) => ({ ...owned(exampleSave()), weight })),
        ),
      { name: "RequestError", code: "ERR_REQUEST_INVALID" },
    );
  });
}

for (
  const [name, tool] of [
    ["diff", diff],
    [
      "mix",
      (a: Owned, b: Owned) => mix([{ ...a, weight: 1 }, { ...b, weight: 1 }]),
    ],
  ] as const
) {
  Deno.test(`${name}() refuses saves of two models`, () => {
    const a = owned(exampleSave()), b = { ...a, format: OTHER };
    assertThrows(() => tool(a, b), {
      name: "StateError",
      code: "ERR_STATE_MISMATCH",
      message:
        /^Cannot compare states: the fingerprint of state 1 is fffe.*, of state 2 0{64}$/,
    });
  });
}

function owned(save: Save): Owned {
  return { save, format: exampleFormat() };
}
