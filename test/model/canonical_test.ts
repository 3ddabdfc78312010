import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type RandomModel,
  randomTensors,
} from "../support/models/random_model.ts";
import { canonical } from "../../src/model/canonical_checkpoint.ts";
import { tensorSpecs } from "../../src/model/checkpoint.ts";
import { type StoredTensor, volume } from "../../src/model/stored_tensor.ts";

const MODEL = { L: 2, D: 128, V: 8, ranks: { w: 4, a: 5, v: 6, g: 7 } };

function tensors(model: RandomModel = MODEL): Map<string, StoredTensor> {
  return new Map(randomTensors(model).map((tensor) => [tensor.name, tensor]));
}

function reshaped(tensor: StoredTensor, ...shape: number[]): StoredTensor {
  return { ...tensor, shape };
}

/** The tensor as another program's converter stores it. */
function transposed(tensor: StoredTensor): StoredTensor {
  const [rows, columns] = tensor.shape;
  return {
    ...tensor,
    shape: [columns, rows],
    async values(from, to): Promise<Float32Array<ArrayBuffer>> {
      const all = await tensor.values(0, volume(tensor.shape));
      return all.map((_, i) => all[(i % rows) * columns + Math.floor(i / rows)])
        .slice(from, to);
    },
  };
}

function change(
  name: string,
  how: (tensor: StoredTensor) => StoredTensor,
): Map<string, StoredTensor> {
  const all = tensors();
  const tensor = all.get(name);
  if (tensor === undefined) throw new Error(`Cannot change ${name}: none`);
  return all.set(name, how(tensor));
}

Deno.test("canonical() reads every size from shapes", () => {
  assertEquals(canonical(tensors(), "m").shape, {
    L: 2,
    D: 128,
    H: 2,
    F: 512,
    V: 8,
    ranks: { w: 4, a: 5, v: 6, g: 7 },
  });
  assertEquals(canonical(tensors({ ...MODEL, L: 1 }), "m").shape.ranks.v, 0);
});

Deno.test("canonical() gives LoRA matrices as [out, in]", async () => {
  const [key, map] = ["blocks.1.att.w2", tensors()];
  const stored = await map.get(key)?.values(0, 4 * 128);
  const read = await canonical(map, "m").read(key);
  assertEquals(read[5 * 4 + 3], stored?.[3 * 128 + 5]);
});

Deno.test("canonical() reads LoRA matrices stored either way", async () => {
  const official = canonical(tensors(), "official");
  const other = tensors();
  for (const [name, tensor] of other) {
    if (/att\.[wavg][12]$/.test(name)) other.set(name, transposed(tensor));
  }
  const converted = canonical(other, "converted");
  for (const { name, shape } of tensorSpecs(official.shape)) {
    assertEquals(await converted.read(name), await official.read(name), name);
    const rows = [Math.floor(shape[0] / 2), shape[0]] as const;
    assertEquals(
      await converted.read(name, rows),
      (await official.read(name)).slice(rows[0] * volume(shape.slice(1))),
    );
  }
});

Deno.test("canonical() takes v0, v1 and v2 of block 0 or does without", () => {
  const lean = tensors();
  for (const n of "012") lean.delete(`blocks.0.att.v${n}`);
  assertEquals(canonical(lean, "m").shape, canonical(tensors(), "m").shape);
});

for (const { name } of tensorSpecs(canonical(tensors(), "m").shape)) {
  Deno.test(`canonical() misses ${name} where it lacks`, () => {
    const rest = tensors();
    rest.delete(name);
    assertThrows(() => canonical(rest, "m"), {
      code: "ERR_MODEL_CORRUPT",
      message: `Cannot load m: tensor ${name} is missing`,
    });
  });
}

Deno.test("canonical() names a tensor of the wrong shape", () => {
  const cases: [string, number[]][] = [
    ["ln_out.bias", [127]],
    ["blocks.1.att.key.weight", [64, 256]],
    ["blocks.1.ffn.value.weight", [512, 128]],
    ["blocks.1.att.w1", [4, 128]],
    ["blocks.1.att.w2", [5, 128]],
    ["head.weight", [9, 128]],
    ["blocks.0.att.x_r", [128, 128]],
  ];
  for (const [name, shape] of cases) {
    const changed = change(name, (tensor) => reshaped(tensor, ...shape));
    assertThrows(() => canonical(changed, "m"), {
      code: "ERR_MODEL_CORRUPT",
      message: new RegExp(`tensor ${name} is \\[${shape}\\], expected`),
    });
  }
});

Deno.test("canonical() names a tensor too many", () => {
  const more = tensors().set("blocks.0.att.v3", {
    name: "blocks.0.att.v3",
    type: "F32",
    shape: [1],
    values: () => Promise.resolve(new Float32Array(1)),
  });
  assertThrows(() => canonical(more, "m"), {
    code: "ERR_MODEL_CORRUPT",
    message: /blocks\.0\.att\.v3 is not part/,
  });
});

Deno.test("canonical() refuses layers out of all proportion", () => {
  const all = tensors();
  const [, tensor] = [...all][0];
  all.set("blocks.999999999.ln1.weight", tensor);
  assertThrows(() => canonical(all, "m"), { code: "ERR_MODEL_CORRUPT" });
});

Deno.test("canonical() refuses another head size and sizes that disagree", () => {
  assertThrows(
    () => canonical(change("blocks.0.att.r_k", (t) => reshaped(t, 4, 32)), "m"),
    { code: "ERR_MODEL_UNSUPPORTED", message: /head size is 32/ },
  );
  assertThrows(
    () => canonical(change("blocks.0.att.r_k", (t) => reshaped(t, 3, 64)), "m"),
    { code: "ERR_MODEL_CORRUPT", message: /128 wide.*3 heads/ },
  );
});

Deno.test("canonical() refuses values that are not finite", async () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const name = "blocks.1.att.a0";
    const changed = change(name, (tensor) => ({
      ...tensor,
      values: async (from, to) =>
        (await tensor.values(from, to)).fill(value, 9, 10),
    }));
    await assertRejects(() => canonical(changed, "m").read(name), {
      code: "ERR_MODEL_CORRUPT",
      message: `Cannot load m: tensor ${name} holds ${value}`,
    });
  }
});

const DEEP = { ...MODEL, deep: 8 };

Deno.test("canonical() knows DeepEmbed by its tensors", async () => {
  const map = tensors(DEEP);
  const { shape, read } = canonical(map, "m");
  assertEquals(shape, { ...canonical(tensors(), "m").shape, deep: 8 });
  const names = tensorSpecs(shape).map(({ name }) => name);
  assertEquals(names.filter((name) => /ffn\.s/.test(name)).length, 5 * 2);
  const stored = await map.get("blocks.1.ffn.s2")?.values(0, 8 * 512);
  const s2 = await read("blocks.1.ffn.s2");
  assertEquals(s2[5 * 8 + 3], stored?.[3 * 512 + 5]);
  const row = await read("blocks.1.ffn.s_emb.weight", [2, 3]);
  const table = map.get("blocks.1.ffn.s_emb.weight");
  assertEquals(row, await table?.values(2 * 64, 3 * 64));
});

Deno.test("canonical() reads DeepEmbed's matrices stored either way", async () => {
  const official = canonical(tensors(DEEP), "official");
  const other = tensors(DEEP);
  for (const [name, tensor] of other) {
    if (/ffn\.s[12]$/.test(name)) other.set(name, transposed(tensor));
    if (/ffn\.s0$/.test(name)) other.set(name, reshaped(tensor, 1, 1, 512));
  }
  const converted = canonical(other, "converted");
  for (const n of "012") {
    const name = `blocks.1.ffn.s${n}`;
    assertEquals(await converted.read(name), await official.read(name), name);
  }
});

Deno.test("canonical() names a tensor of DeepEmbed that lacks or is wrong", () => {
  const layers = canonical(tensors(DEEP), "m");
  for (const { name, shape } of tensorSpecs(layers.shape)) {
    if (!/ffn\.s/.test(name)) continue;
    const lacking = tensors(DEEP);
    lacking.delete(name);
    assertThrows(() => canonical(lacking, "m"), {
      code: "ERR_MODEL_CORRUPT",
      message: `Cannot load m: tensor ${name} is missing`,
    });
    const all = tensors(DEEP), tensor = all.get(name);
    if (tensor === undefined || name.startsWith("blocks.0")) continue;
    all.set(name, reshaped(tensor, shape[0] + 1, ...shape.slice(1)));
    assertThrows(() => canonical(all, "m"), {
      code: "ERR_MODEL_CORRUPT",
      message: new RegExp(`tensor ${name} is .*, expected`),
    });
  }
});

Deno.test("canonical() refuses DeepEmbed of ranks that no device runs", () => {
  const [key] = ["blocks.0.ffn.s_emb.weight"];
  for (
    const [width, code, message] of [
      [60, "ERR_MODEL_CORRUPT", /60 values a token, which make no square/],
      [36, "ERR_MODEL_UNSUPPORTED", /DeepEmbed is 6, and multiples of 8/],
      [72 * 72, "ERR_MODEL_UNSUPPORTED", /DeepEmbed is 72, and.*up to 64/],
    ] as const
  ) {
    const all = tensors(DEEP), tensor = all.get(key);
    if (tensor === undefined) throw new Error(`Cannot change ${key}: none`);
    all.set(key, reshaped(tensor, 8, width));
    assertThrows(() => canonical(all, "m"), { code, message });
  }
});

const RELATIVES: [string, RegExp][] = [
  ["blocks.0.qkv.qq.weight", /RWKV-7b.* state grows with the text/],
  ["blocks.0.ffn.enn.weight", /RWKV-8 rc00;/],
  ["blocks.0.qkv.ennk.weight", /RWKV-8 rc00-hybrid/],
  ["blocks.0.rosa.emb.weight", /RWKV-8 ROSA/],
  ["blocks.0.att.time_maa_x", /RWKV-6/],
  ["blocks.0.att.time_faaaa", /RWKV-5\.2/],
  ["blocks.0.att.gate.weight", /RWKV-5\.2/],
  ["blocks.0.att.time_first", /RWKV-4/],
  ["blocks.0.att.time_decay", /RWKV-5\.1/],
  ["blocks.0.ffn.receptance.weight", /before 7/],
  ["blocks.0.att.key.lora_A", /adapter/],
  ["blocks.0.att.key.weight.lora.0", /adapter/],
];

for (const [name, message] of RELATIVES) {
  Deno.test(`canonical() knows what has ${name}`, () => {
    const [tensor] = tensors().values();
    const file = tensors().set(name, { ...tensor, name });
    assertThrows(() => canonical(file, "m"), {
      code: "ERR_MODEL_UNSUPPORTED",
      message,
    });
  });
}

Deno.test("canonical() knows relatives by what they lack", () => {
  for (
    const [sign, message] of [
      [/\.att\.g1$/, /ARWKV/],
      [/\.att\.ln_x\./, /ARWKV/],
      [/\.att\.r_k$/, /no RWKV-7/],
    ] as const
  ) {
    const rest = [...tensors()].filter(([name]) => !sign.test(name));
    assertThrows(() => canonical(new Map(rest), "m"), {
      code: "ERR_MODEL_UNSUPPORTED",
      message,
    });
  }
  const [tensor] = tensors().values();
  assertThrows(
    () => canonical(new Map([["blocks.0.att.time_state", tensor]]), "m"),
    { code: "ERR_MODEL_UNSUPPORTED", message: /initial state/ },
  );
});
