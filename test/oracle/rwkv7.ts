/**
 * RWKV-7 (x070) for one token in float64: the equations of the paper ("RWKV-7
 * Goose with Expressive Dynamic State Evolution", arXiv:2503.14456) and nothing
 * for speed. What the devices are checked against. DeepEmbed (RWKV-7a) is as in
 * BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7a_demo.py: its table is completed before use.
 *
 * @module
 */

import { type Checkpoint, tensorSpecs } from "../../src/model/checkpoint.ts";
import { type ModelShape, N, stateLength } from "../../src/model/shape.ts";

/** What a step computed on its way, named as in the goldens' README. */
export type Trace = Map<string, Float64Array>;

type Vector = Float64Array<ArrayBuffer>;

/** `e^−½`: the decay is never below `exp(−e^−½)`, about 0.545. */
const DECAY_SCALE = Math.exp(-0.5);
const NORM_EPSILON = 1e-5;
const HEAD_NORM_EPSILON = 64e-5;

/** A model in float64. */
export class Oracle {
  /** The model's sizes. */
  readonly shape: ModelShape;
  readonly #weights: ReadonlyMap<string, Vector>;

  private constructor(shape: ModelShape, weights: ReadonlyMap<string, Vector>) {
    this.shape = shape;
    this.#weights = weights;
  }

  /** Reads all weights. */
  static async open(checkpoint: Checkpoint): Promise<Oracle> {
    const weights = new Map<string, Vector>();
    for (const { name } of tensorSpecs(checkpoint.shape)) {
      weights.set(name, Float64Array.from(await checkpoint.read(name)));
    }
    return new Oracle(checkpoint.shape, weights);
  }

  /** A state that has read nothing, in canonical order. */
  blank(): Vector {
    return new Float64Array(stateLength(this.shape));
  }

  /** Reads tokens into `state`; the logits after the last one. */
  read(tokens: readonly number[], state: Vector): Vector {
    let logits: Vector = new Float64Array();
    for (const token of tokens) logits = this.step(token, state);
    return logits;
  }

  /** Reads a token into `state`; the logits after it. */
  step(token: number, state: Vector, trace?: Trace): Vector {
    const { L, D } = this.shape;
    const w = (name: string) => this.#weight(name);
    const norm = (x: Vector, name: string) =>
      layerNorm(x, w(`${name}.weight`), w(`${name}.bias`), NORM_EPSILON);
    let x = norm(
      w("emb.weight").slice(token * D, (token + 1) * D),
      "blocks.0.ln0",
    );
    trace?.set("emb_ln0", x);
    const embedded = x;
    let vFirst: Vector | undefined;
    for (let l = 0; l < L; l++) {
      const size = stateLength({ L: 1, D });
      const layer = state.subarray(l * size, (l + 1) * size);
      const note = (name: string, value: Vector) =>
        trace?.set(`${l}.${name}`, value.slice());
      const u = norm(x, `blocks.${l}.ln1`);
      note("ln1", u);
      const mixed = this.#timeMix(l, u, layer, vFirst, note);
      vFirst ??= mixed.v;
      x = add(x, mixed.out);
      note("x_att", x);
      const c = norm(x, `blocks.${l}.ln2`);
      note("ln2", c);
      const gate = this.#deepGate(l, c, { token, embedded });
      if (gate) note("ffn_gate", gate);
      x = add(x, this.#channelMix(l, c, layer.subarray(size - D), gate, note));
      note("x_ffn", x);
    }
    const logits = product(norm(x, "ln_out"), w("head.weight"));
    trace?.set("logits", logits);
    return logits;
  }

  #weight(name: string): Vector {
    const values = this.#weights.get(name);
    if (values === undefined) throw new Error(`Cannot find tensor ${name}`);
    return values;
  }

  #timeMix(
    l: number,
    u: Vector,
    state: Vector,
    vFirst: Vector | undefined,
    note: (name: string, value: Vector) => void,
  ): { out: Vector; v: Vector } {
    const { D, H } = this.shape;
    const w = (name: string) => this.#weight(`blocks.${l}.att.${name}`);
    const shift = state.subarray(0, D);
    const mixed = (name: string) => {
      const value = lerp(u, shift, w(`x_${name}`));
      note(`x${name}`, value);
      return value;
    };
    const [xr, xw, xk, xv, xa, xg] = Array.from("rwkvag", mixed);
    shift.set(u);
    const lora = (
      x: Vector,
      q: string,
      act: (h: number) => number = (h) => h,
    ) => product(product(x, w(`${q}1`)).map(act), w(`${q}2`));
    const gate = (x: Vector, q: string) =>
      add(w(`${q}0`), lora(x, q)).map(sigmoid);

    const r = product(xr, w("receptance.weight"));
    const k0 = product(xk, w("key.weight"));
    let v = product(xv, w("value.weight"));
    if (vFirst) v = lerp(v, vFirst, gate(xv, "v"));
    const decay = add(w("w0"), lora(xw, "w", Math.tanh))
      .map((d) => Math.exp(-DECAY_SCALE * sigmoid(d)));
    const a = gate(xa, "a");
    const g = lora(xg, "g", sigmoid);
    const kk = unitHeads(k0.map((k, i) => k * w("k_k")[i]));
    const k = k0.map((k, i) => k * (1 + (a[i] - 1) * w("k_a")[i]));
    Object.entries({ r, w: decay, k, v, a, g, kk })
      .forEach(([name, value]) => note(name, value));

    const y = new Float64Array(D);
    for (let h = 0; h < H; h++) {
      const head = <T extends Vector>(x: T) => x.subarray(h * N, (h + 1) * N);
      const S = state.subarray(D + h * N * N, D + (h + 1) * N * N);
      const heads = {
        r: head(r),
        w: head(decay),
        k: head(k),
        v: head(v),
        a: head(a),
        kk: head(kk),
      };
      y.set(recur(S, heads), h * N);
    }
    note("wkv_out", y);
    for (let h = 0; h < H; h++) {
      const head = (x: Vector) => x.subarray(h * N, (h + 1) * N);
      const normed = layerNorm(
        head(y),
        head(w("ln_x.weight")),
        head(w("ln_x.bias")),
        HEAD_NORM_EPSILON,
      );
      const bonus = head(r).reduce(
        (sum, value, j) => sum + value * head(k)[j] * head(w("r_k"))[j],
        0,
      );
      head(y).set(normed.map((value, i) => value + bonus * head(v)[i]));
    }
    note("y", y);
    const out = product(y.map((value, i) => value * g[i]), w("output.weight"));
    return { out, v };
  }

  #channelMix(
    l: number,
    u: Vector,
    shift: Vector,
    gate: Vector | undefined,
    note: (name: string, value: Vector) => void,
  ): Vector {
    const w = (name: string) => this.#weight(`blocks.${l}.ffn.${name}`);
    let h = product(lerp(u, shift, w("x_k")), w("key.weight"))
      .map((value) => Math.max(value, 0) ** 2);
    shift.set(u);
    note("ffn_h", h);
    if (gate) h = h.map((value, f) => value * gate[f]);
    return product(h, w("value.weight"));
  }

  /** What DeepEmbed multiplies the hidden layer by, `[F]`. */
  #deepGate(
    l: number,
    u: Vector,
    { token, embedded }: { token: number; embedded: Vector },
  ): Vector | undefined {
    const r = this.shape.deep;
    if (r === undefined) return undefined;
    const w = (name: string) => this.#weight(`blocks.${l}.ffn.${name}`);
    const own = w("s_emb.weight").slice(token * r * r, (token + 1) * r * r);
    const E = add(own, product(embedded, w("s_emb_x.weight")));
    const low = product(u, w("s1"));
    const turned = new Float64Array(r).map((_, j) =>
      low.reduce((sum, value, i) => sum + value * E[i * r + j], 0)
    );
    return add(w("s0"), product(turned, w("s2")));
  }
}

interface HeadInputs {
  readonly r: Vector;
  readonly w: Vector;
  readonly k: Vector;
  readonly v: Vector;
  readonly a: Vector;
  readonly kk: Vector;
}

/**
 * One head of the state, `S [N, N]` by value and key channel:
 * `S ← S diag(w) − (S κ)(κ a)ᵀ + v kᵀ`, then `y = S r`.
 */
function recur(S: Vector, { r, w, k, v, a, kk }: HeadInputs): Vector {
  return v.map((value, i) => {
    const row = S.subarray(i * N, (i + 1) * N);
    const held = dot(row, kk);
    row.forEach((s, j) => {
      row[j] = s * w[j] - held * kk[j] * a[j] + value * k[j];
    });
    return dot(row, r);
  });
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function add(a: Vector, b: Vector): Vector {
  return a.map((value, i) => value + b[i]);
}

function lerp(from: Vector, to: Vector, share: Vector): Vector {
  return from.map((value, i) => value + (to[i] - value) * share[i]);
}

function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** `x Wᵀ` for `W [outputs, x.length]`. */
function product(x: Vector, matrix: Vector): Vector {
  const K = x.length;
  return new Float64Array(matrix.length / K).map((_, o) =>
    dot(x, matrix.subarray(o * K, (o + 1) * K))
  );
}

function layerNorm(
  x: Vector,
  weight: Vector,
  bias: Vector,
  epsilon: number,
): Vector {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) /
    x.length;
  const scale = 1 / Math.sqrt(variance + epsilon);
  return x.map((value, i) => (value - mean) * scale * weight[i] + bias[i]);
}

/** Every head of `x` scaled to length 1. */
function unitHeads(x: Vector): Vector {
  const result = x.slice();
  for (let from = 0; from < x.length; from += N) {
    const head = result.subarray(from, from + N);
    const length = Math.max(Math.sqrt(dot(head, head)), 1e-12);
    head.set(head.map((value) => value / length));
  }
  return result;
}
