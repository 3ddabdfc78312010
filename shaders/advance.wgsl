// advance: a head's whole turn for one token of a lane: what prepare makes, and what wkv does with it.
//
//   w, a, v, g, kappa, k, bonus                      as prepare.wgsl makes them
//   S <- S diag(w) - (S kappa)(kappa a)^T + v k^T
//   y  = S r
//   out = (norm(y) * weight + bias + bonus) * g      norm over the head, eps 64e-5
//
// In decode a segment is one token, and both kernels work head by head: together they are a dispatch
// fewer, and the seven vectors between them never leave the workgroup. The memory, which is most of
// what a head loads, is asked for first and arrives while the LoRAs are summed.
//
// Where mix_product.wgsl mixed the one row of the pass, the shifts lie where it could read and write them,
// and are carried from there and to there, channel by channel.
//
// Two invocations share a row of the memory, quads in turn, so that neighbours load neighbours. What
// every channel has one value of is written as scalars and gathered into vec4s after a barrier: a
// write to one component of a shared vector may write all of it.
//
// dispatch  H x rows workgroups of 16 x SPLIT invocations
// source    BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7_numpy.py, time_mixing
// oracle    test/oracle/prepare.ts, then test/oracle/wkv.ts

const N = 64u;                  // head size: RWKV-7 fixes it
const QUADS = 16u;              // vec4s in a head
const SPLIT = 8u;               // invocations that share a channel's ranks
const THREADS = QUADS * SPLIT;  // two for each row of the memory
const KEPT = QUADS / 2u;        // vec4s of the memory that an invocation keeps

override D: u32;         // width
override WIDTH: u32;     // values of a row of raw
override STRIDE: u32;    // values of a lane's state in this layer; the memory begins at D
override FORMAT: u32;    // of the ups: 0 f32, 1 f16, 2 bf16
override RANK_W: u32;    // ranks, multiples of 8
override RANK_A: u32;
override RANK_V: u32;    // 0 in the first layer
override RANK_G: u32;
override AT_V: u32;      // where the hidden values lie in a row of raw
override AT_W: u32;
override AT_A: u32;
override AT_G: u32;
override FIRST: bool;    // the first layer
override CARRIES: bool;  // carry the shifts of the one row between mix_product.wgsl and the state

const NONE = 0xffffffffu;

struct Row {
  token: u32,
  lane: u32,
  count: u32,
  start: u32,
}

@group(0) @binding(0) var<storage, read> rows: array<Row>;             // [R]
@group(0) @binding(1) var<storage, read> raw: array<f32>;              // [R, WIDTH] r, k, v, then hidden values
@group(0) @binding(2) var<storage, read> ups: array<vec4u>;            // [ranks of w, a, v, g, D], two ranks a word if narrow
@group(0) @binding(3) var<storage, read> vectors: array<f32>;          // [8, D] w0, a0, v0, k_k, k_a, r_k, norm weight, norm bias
@group(0) @binding(4) var<storage, read_write> v_first: array<f32>;    // [R, D]
@group(0) @binding(5) var<storage, read_write> state: array<vec4f>;    // [B, STRIDE]
@group(0) @binding(6) var<storage, read_write> carried: array<vec4f>;  // [2, D] to the attention's shift, from the other
@group(0) @binding(7) var<storage, read_write> out: array<f32>;        // [R, D]

var<workgroup> parts: array<f32, 4u * SPLIT * N>;  // [w a v g, SPLIT, N]
var<workgroup> terms: array<vec2f, N>;  // of |k k_k|^2 and of r . (k r_k)
var<workgroup> sums: array<vec2f, 8>;
var<workgroup> channels: array<f32, 5u * N>;   // w, k, kappa, kappa a, r
var<workgroup> keys: array<vec4f, 5u * QUADS>; // the same
var<workgroup> values: array<f32, N>;
var<workgroup> halves: array<f32, THREADS>;    // of S kappa, then of y
var<workgroup> y_t: array<f32, N>;

// Where each of the keys begins.
const W = 0u;
const K = QUADS;
const KAPPA = 2u * QUADS;
const B = 3u * QUADS;
const R_T = 4u * QUADS;

fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-x));
}

fn across(x: vec4f) -> f32 {
  return (x.x + x.y) + (x.z + x.w);
}

fn y4_at(j: u32) -> vec4f {
  return vec4f(y_t[4u * j], y_t[4u * j + 1u], y_t[4u * j + 2u], y_t[4u * j + 3u]);
}

// One invocation's share of h times a matrix, for four channels. `first` is the matrix's first word
// along the ranks, `at` where its hidden values begin in raw.
fn share(quad: u32, part: u32, first: u32, rank: u32, at: u32) -> vec4f {
  var sum = vec4f();
  let words = select(2u, 1u, FORMAT == 0u);  // ranks a word
  for (var n = part; n < rank / words; n += SPLIT) {
    let word = ups[(first + n) * (D / 4u) + quad];
    if (FORMAT == 0u) {
      sum = fma(bitcast<vec4f>(word), vec4f(raw[at + n]), sum);
    } else {
      var even = bitcast<vec4f>(word << vec4u(16u));
      var odd = bitcast<vec4f>(word & vec4u(0xffff0000u));
      if (FORMAT == 1u) {
        let x = unpack2x16float(word.x);
        let y = unpack2x16float(word.y);
        let z = unpack2x16float(word.z);
        let w = unpack2x16float(word.w);
        even = vec4f(x.x, y.x, z.x, w.x);
        odd = vec4f(x.y, y.y, z.y, w.y);
      }
      let h = at + 2u * n;
      sum = fma(odd, vec4f(raw[h + 1u]), fma(even, vec4f(raw[h]), sum));
    }
  }
  return sum;
}

fn place(matrix: u32, part: u32, quad: u32, sum: vec4f) {
  let at = (matrix * SPLIT + part) * N + 4u * quad;
  parts[at] = sum.x;
  parts[at + 1u] = sum.y;
  parts[at + 2u] = sum.z;
  parts[at + 3u] = sum.w;
}

@compute @workgroup_size(QUADS, SPLIT)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let h = group.x;
  let row = group.y;
  let lane = rows[row].lane;
  if (lane == NONE) {
    return;
  }

  let memory = (lane * STRIDE + D + (h * N + i / 2u) * N) / 4u + i % 2u;
  var S: array<vec4f, KEPT>;  // quads i % 2, i % 2 + 2, ... of row i / 2
  for (var j = 0u; j < KEPT; j++) {
    S[j] = state[memory + 2u * j];
  }

  let words = select(2u, 1u, FORMAT == 0u);
  let from_a = RANK_W / words;
  let from_v = from_a + RANK_A / words;
  let from_g = from_v + RANK_V / words;
  let quad = h * QUADS + local.x;
  let base = row * WIDTH;
  place(0u, local.y, local.x, share(quad, local.y, 0u, RANK_W, base + AT_W));
  place(1u, local.y, local.x, share(quad, local.y, from_a, RANK_A, base + AT_A));
  place(2u, local.y, local.x, share(quad, local.y, from_v, RANK_V, base + AT_V));
  place(3u, local.y, local.x, share(quad, local.y, from_g, RANK_G, base + AT_G));

  if (CARRIES && i < QUADS) {
    let c = h * QUADS + i;
    state[lane * STRIDE / 4u + c] = carried[c];
    carried[D / 4u + c] = state[(lane * STRIDE + D * (N + 1u)) / 4u + c];
  }

  // Of the first N invocations, invocation i makes what channel i has one value of.
  let d = h * N + i;
  var a = 0.0;
  var removal = 0.0;
  var v = 0.0;
  var gate = 0.0;
  var bonus = 0.0;
  workgroupBarrier();  // every part is in place
  if (i < N) {
    var sum = vec4f();
    for (var q = 0u; q < SPLIT; q++) {
      let p = q * N + i;
      sum += vec4f(parts[p], parts[SPLIT * N + p], parts[2u * SPLIT * N + p], parts[3u * SPLIT * N + p]);
    }
    a = sigmoid(vectors[D + d] + sum.y);
    gate = sum.w;
    let k = raw[base + D + d];
    removal = k * vectors[3u * D + d];
    v = raw[base + 2u * D + d];
    if (FIRST) {
      v_first[row * D + d] = v;
    } else {
      v = fma(v_first[row * D + d] - v, sigmoid(vectors[2u * D + d] + sum.z), v);
    }
    let key = k * fma(a - 1.0, vectors[4u * D + d], 1.0);
    let r = raw[base + d];
    terms[i] = vec2f(removal * removal, r * key * vectors[5u * D + d]);
    channels[i] = exp(-0.606531 * sigmoid(vectors[d] + sum.x));
    channels[N + i] = key;
    channels[4u * N + i] = r;
    values[i] = v;
  }
  workgroupBarrier();  // every term is in place
  if (i < 8u) {
    var sum = vec2f();
    for (var j = 0u; j < 8u; j++) {
      sum += terms[i * 8u + j];
    }
    sums[i] = sum;
  }
  workgroupBarrier();  // eight sums of eight are in place
  if (i < N) {
    var sum = vec2f();
    for (var j = 0u; j < 8u; j++) {
      sum += sums[j];
    }
    let kappa = removal / max(sqrt(sum.x), 1e-12);
    channels[2u * N + i] = kappa;
    channels[3u * N + i] = kappa * a;
    bonus = sum.y * v;
  }
  workgroupBarrier();  // every channel is in place
  if (i < 5u * QUADS) {
    keys[i] = vec4f(channels[4u * i], channels[4u * i + 1u], channels[4u * i + 2u], channels[4u * i + 3u]);
  }
  workgroupBarrier();  // the keys are

  var removed4 = vec4f();
  for (var j = 0u; j < KEPT; j++) {
    removed4 = fma(S[j], keys[KAPPA + 2u * j + i % 2u], removed4);
  }
  halves[i] = across(removed4);
  workgroupBarrier();  // both halves of S kappa are in place
  let removed = -(halves[i & ~1u] + halves[i | 1u]);
  let value = values[i / 2u];
  var y4 = vec4f();
  for (var j = 0u; j < KEPT; j++) {
    let q = 2u * j + i % 2u;
    S[j] = fma(S[j], keys[W + q], fma(vec4f(removed), keys[B + q], value * keys[K + q]));
    y4 = fma(S[j], keys[R_T + q], y4);
    state[memory + 2u * j] = S[j];
  }
  workgroupBarrier();  // everyone has read both
  halves[i] = across(y4);
  workgroupBarrier();  // both halves of y are in place
  if (i < N) {
    y_t[i] = halves[2u * i] + halves[2u * i + 1u];
  }
  workgroupBarrier();  // every row's y is in place
  if (i < N) {
    var sum = vec4f();
    for (var j = 0u; j < QUADS; j++) {
      sum += y4_at(j);
    }
    let mean = across(sum) / f32(N);
    var squares = vec4f();
    for (var j = 0u; j < QUADS; j++) {
      let e = y4_at(j) - mean;
      squares = fma(e, e, squares);
    }
    let scale = inverseSqrt(across(squares) / f32(N) + 64e-5);
    let normed = fma((y_t[i] - mean) * scale, vectors[6u * D + d], vectors[7u * D + d]);
    out[row * D + d] = (normed + bonus) * gate;
  }
}
