// prepare: from the raw products of a row, all that the state update reads.
//
//   w     = exp(-e^-0.5 sigmoid(w0 + hw W2))          decay
//   a     = sigmoid(a0 + ha A2)                       removal rate
//   v     = v + (v_first - v) sigmoid(v0 + hv V2)     value; the first layer makes v_first instead
//   g     = hg G2                                     gate
//   kappa = k k_k / max(|k k_k|, 1e-12)               removal key, the norm over a head
//   k     = k (1 + (a - 1) k_a)                       key
//   bonus = (r . (k r_k)) v                           what this token adds to its own output
//
// The hidden values h come with their activations (tanh of hw, sigmoid of hg): the product that made
// them applied each once, and here every head would again.
//
// A workgroup owns one head of four rows of a chunk; decode takes rows one by one, in advance.wgsl. The
// second LoRA matrices lie [rank, D], so that an invocation loads four channels at once, side by side
// with its neighbours', and each load serves four rows.
//
// dispatch  H x (rows / TILE) workgroups of 16 x SPLIT invocations
// source    BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7_numpy.py, time_mixing
// oracle    test/oracle/prepare.ts

const N = 64u;     // head size: RWKV-7 fixes it
const TILE = 4u;   // rows of a workgroup
const SPLIT = 4u;  // invocations that share a channel's ranks, at least 4

override D: u32;         // width
override R: u32;         // rows there is room for
override WIDTH: u32;     // values of a row of raw
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

@group(0) @binding(0) var<storage, read> raw: array<f32>;               // [R, WIDTH] r, k, v, then hidden values
@group(0) @binding(1) var<storage, read> ups: array<vec4u>;             // [ranks of w, a, v, g, D], two ranks a word if narrow
@group(0) @binding(2) var<storage, read> vectors: array<f32>;           // [8, D] w0, a0, v0, k_k, k_a, r_k, two others
@group(0) @binding(3) var<storage, read_write> v_first: array<f32>;     // [R, D]
@group(0) @binding(4) var<storage, read_write> prepared: array<f32>;    // [7, R, D] w, k, v, kappa, kappa a, g, bonus

const QUADS = 16u;  // fours of channels in a head

var<workgroup> parts: array<f32, 4u * SPLIT * N>;  // [w a v g, SPLIT, N] of one row
var<workgroup> terms: array<vec2f, N>;  // of |k k_k|^2 and of r . (k r_k)
var<workgroup> sums: array<vec2f, 8>;

fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-x));
}

// One invocation's share of h times a matrix, for four channels of TILE rows. `first` is the
// matrix's first word along the ranks, `at` where its hidden values lie in a row of raw.
fn share(row0: u32, quad: u32, part: u32, first: u32, rank: u32, at: u32) -> array<vec4f, TILE> {
  var sums: array<vec4f, TILE>;
  let words = select(2u, 1u, FORMAT == 0u);  // ranks a word
  for (var n = part; n < rank / words; n += SPLIT) {
    let word = ups[(first + n) * (D / 4u) + quad];
    if (FORMAT == 0u) {
      for (var m = 0u; m < TILE; m++) {
        sums[m] = fma(bitcast<vec4f>(word), vec4f(raw[(row0 + m) * WIDTH + at + n]), sums[m]);
      }
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
      for (var m = 0u; m < TILE; m++) {
        let h = (row0 + m) * WIDTH + at + 2u * n;
        sums[m] = fma(odd, vec4f(raw[h + 1u]), fma(even, vec4f(raw[h]), sums[m]));
      }
    }
  }
  return sums;
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
  let row0 = group.y * TILE;
  let quad = local.x;
  let part = local.y;
  let words = select(2u, 1u, FORMAT == 0u);
  let from_a = RANK_W / words;
  let from_v = from_a + RANK_A / words;
  let from_g = from_v + RANK_V / words;
  let channels = group.x * QUADS + quad;
  let sum_w = share(row0, channels, part, 0u, RANK_W, AT_W);
  let sum_a = share(row0, channels, part, from_a, RANK_A, AT_A);
  let sum_v = share(row0, channels, part, from_v, RANK_V, AT_V);
  let sum_g = share(row0, channels, part, from_g, RANK_G, AT_G);

  // From here on, invocation i finishes channel i.
  let d = group.x * N + i;
  for (var m = 0u; m < TILE; m++) {
    let row = row0 + m;
    let at = row * D + d;
    workgroupBarrier();  // the row before has been added up
    place(0u, part, quad, sum_w[m]);
    place(1u, part, quad, sum_a[m]);
    place(2u, part, quad, sum_v[m]);
    place(3u, part, quad, sum_g[m]);
    workgroupBarrier();  // every part of this row is in place
    var a = 0.0;
    var removal = 0.0;
    var v = 0.0;
    if (i < N) {
      var sum = vec4f();
      for (var q = 0u; q < SPLIT; q++) {
        let p = q * N + i;
        sum += vec4f(parts[p], parts[SPLIT * N + p], parts[2u * SPLIT * N + p], parts[3u * SPLIT * N + p]);
      }
      a = sigmoid(vectors[D + d] + sum.y);
      let k = raw[row * WIDTH + D + d];
      removal = k * vectors[3u * D + d];
      v = raw[row * WIDTH + 2u * D + d];
      if (FIRST) {
        v_first[at] = v;
      } else {
        v = fma(v_first[at] - v, sigmoid(vectors[2u * D + d] + sum.z), v);
      }
      prepared[at] = exp(-0.606531 * sigmoid(vectors[d] + sum.x));
      let key = k * fma(a - 1.0, vectors[4u * D + d], 1.0);
      prepared[R * D + at] = key;
      terms[i] = vec2f(removal * removal, raw[row * WIDTH + d] * key * vectors[5u * D + d]);
      prepared[2u * R * D + at] = v;
      prepared[5u * R * D + at] = sum.w;
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
      prepared[3u * R * D + at] = kappa;
      prepared[4u * R * D + at] = kappa * a;
      prepared[6u * R * D + at] = sum.y * v;
    }
  }
}
