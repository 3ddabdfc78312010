import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { read } from "../clock.ts";
import { softmax, softmaxDecode } from "../kernels.ts";
import { type Bound, type Method, type MethodId, METHODS } from "../methods.ts";
import { randomStream, type Stream } from "../stream.ts";
import type { Dispatch } from "../../../src/device/webgpu/dispatch.ts";
import { Gpu } from "../../../src/device/webgpu/gpu.ts";
import { createTensor } from "../../../src/device/webgpu/tensor.ts";
import { N } from "../../../src/model/shape.ts";
import { assertClose } from "../../../test/support/close.ts";
import * as oracle from "./oracle.ts";

const gpu = await Gpu.open({ hardware: false });

type Oracle = (t: oracle.Tokens, s: oracle.Sizes) => {
  readonly y: Float64Array;
  readonly state?: Float64Array;
};

const ORACLES: Record<MethodId, Oracle> = {
  softmax: (tokens, sizes) => ({ y: oracle.softmax(tokens, sizes) }),
  linear_pairs: (tokens, sizes) => ({ y: oracle.linear(tokens, sizes).y }),
  linear: oracle.linear,
  delta: oracle.delta,
  gated_delta: oracle.gatedDelta,
  wkv: oracle.wkv,
};

for (const method of METHODS) {
  const { id } = method;

  for (const { T, H } of [{ T: 1, H: 1 }, { T: 33, H: 2 }, { T: 70, H: 3 }]) {
    Deno.test(`${id} agrees with the oracle at T = ${T}, H = ${H}`, async () => {
      const stream = exampleStream(T, H);
      const expected = ORACLES[id](stream, { T, H });
      const actual = await onGpu(method, stream, T, (b) => b.prefill(0, T));
      assertClose(actual.y, expected.y, { nmse: 1e-11 });
      assertEquals(actual.state !== undefined, expected.state !== undefined);
      if (actual.state && expected.state) {
        assertClose(actual.state, expected.state, { nmse: 1e-11 });
      }
    });
  }

  Deno.test(`${id} leaves the same bits however a text is cut`, async () => {
    const [T, H] = [37, 2];
    const stream = exampleStream(T, H);
    const twice = joined(stream, stream);
    const whole = await onGpu(method, twice, 2 * T, (b) => b.prefill(0, 2 * T));
    const parts = await onGpu(method, stream, 2 * T, (b) => [
      ...b.prefill(0, T),
      ...b.prefill(T, T),
    ]);
    assertEquals(parts.state, whole.state);
    assertEquals(parts.y, whole.y.slice(T * H * N));
  });

  if (id === "linear_pairs") continue;
  for (const T of id === "softmax" ? [5, 255, 256, 300] : [37]) {
    Deno.test(`${id} decodes after ${T} tokens as the oracle does`, async () => {
      const H = 2;
      const stream = exampleStream(T, H);
      const text = joined(stream, first(stream));
      const { y } = ORACLES[id](text, { T: T + 1, H });
      const actual = await onGpu(method, stream, T + 1, (b) => [
        ...b.prefill(0, T),
        ...b.decode(T),
      ]);
      const last = y.slice(T * H * N);
      assertClose(actual.y.slice(0, H * N), last, { nmse: 1e-11 });
    });
  }
}

Deno.test("linear attention is the same in both orders of multiplication", async () => {
  const [T, H] = [200, 2];
  const stream = exampleStream(T, H);
  const outputs = METHODS.filter(({ id }) => id.startsWith("linear"))
    .map((m) => onGpu(m, stream, T, (b) => b.prefill(0, T)));
  const [pairs, memory] = await Promise.all(outputs);
  assertClose(memory.y, pairs.y, { nmse: 1e-11 });
  assertNotEquals(memory.y, pairs.y);
});

Deno.test("softmaxDecode() adds its token to the cache", async () => {
  const [H, capacity] = [1, 3];
  const { q, k, v } = exampleStream(1, H);
  const tensor = (label: string, shape: number[], values?: typeof q) =>
    createTensor(gpu, label, shape, values);
  const [keys, values] = ["keys", "values"]
    .map((label) => tensor(label, [capacity, H, N]));
  const plan = softmaxDecode(gpu, 2, {
    q: tensor("q", [1, H, N], q),
    k: tensor("k", [1, H, N], k),
    v: tensor("v", [1, H, N], v),
    y: tensor("y", [1, H, N]),
    found: tensor("found", [1, H, N + 2]),
    keys,
    values,
  });
  const cached = await read(gpu, plan, keys.buffer, capacity * N);
  assertEquals(cached, Float32Array.of(...new Float32Array(2 * N), ...k));
  assertEquals((await read(gpu, [], values.buffer, 3 * N)).slice(2 * N), v);
});

Deno.test("softmax() refuses vectors of another shape", () => {
  const x = createTensor(gpu, "x", [4, 2, N]);
  const k = createTensor(gpu, "k", [4, 1, N]);
  const chunk = { seen: 0, T: 4 };
  assertThrows(() => softmax(gpu, chunk, { q: x, k, v: x, y: x }), {
    name: "RangeError",
    message: "Cannot bind k: shape is [4, 1, 64], expected [4, 2, 64]",
  });
  assertThrows(() => softmax(gpu, { seen: 1, T: 4 }, { q: x, k, v: k, y: x }), {
    name: "RangeError",
    message: "Cannot read 4 tokens after 1: there is room for 4 queries and " +
      "4 keys",
  });
});

/** Random tokens whose queries are long enough to make softmax choose. */
function exampleStream(T: number, H: number): Stream {
  const stream = randomStream(T, H, 7);
  return { ...stream, q: stream.q.map((x) => 24 * x) };
}

/** One stream after another. */
function joined(a: Stream, b: Stream): Stream {
  const join = (x: Float32Array, y: Float32Array) => {
    const both = new Float32Array(x.length + y.length);
    both.set(x);
    both.set(y, x.length);
    return both;
  };
  return {
    T: a.T + b.T,
    H: a.H,
    q: join(a.q, b.q),
    k: join(a.k, b.k),
    v: join(a.v, b.v),
    b: join(a.b, b.b),
    g: join(a.g, b.g),
  };
}

/** The first token of a stream. */
function first({ H, q, k, v, b, g }: Stream): Stream {
  return {
    T: 1,
    H,
    q: q.slice(0, H * N),
    k: k.slice(0, H * N),
    v: v.slice(0, H * N),
    b: b.slice(0, H),
    g: g.slice(0, H),
  };
}

/** Outputs of the last chunk read, and the memory, if the method has one. */
async function onGpu(
  method: Method,
  stream: Stream,
  capacity: number,
  plan: (bound: Bound) => Dispatch[],
): Promise<{ y: Float32Array; state: Float32Array | undefined }> {
  const { T, H } = stream;
  const bound = method.bind(gpu, stream, capacity);
  const y = await read(gpu, plan(bound), bound.y, T * H * N);
  const { memory } = bound;
  const values = memory &&
    await read(gpu, [], memory.buffer, memory.at + H * N * N);
  bound.dispose();
  return { y, state: values?.slice(memory?.at) };
}
