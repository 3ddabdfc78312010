// prepare: from the raw products of a row, all that the state update reads.
//
//   w     = exp(-e^-0.5 sigmoid(w0 + hw W2))          decay
//   a     = sigmoid(a0 + ha A2)                       removal rate
//   v     = v + (v_first - v) sigmoid(v0 + hv V2)     value; the first layer makes v_first instead
//   g     = hg G2                                     gate
//   kappa = k k_k / max(|k k_k|, 1e-12)               removal key, the norm over a head
//   k     = k (1 + (a - 1) k_a)                       key
//
// The hidden values h come with their activations (tanh of hw, sigmoid of hg): the product that made
// them applied each once, and here every head would again.
//
// A workgroup owns one head of TILE rows: 64 channels times 4 quarters of every rank. The second
// LoRA matrices lie [rank, D], so that neighbouring channels load neighbouring words, and each
// word serves TILE rows.
//
// dispatch  H x (rows / TILE) workgroups of N x 4 invocations
// source    BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7_numpy.py, time_mixing
// oracle    test/oracle/prepare.ts

const N = 64u;  // head size: RWKV-7 fixes it

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
override TILE: u32;      // rows of a workgroup: 1 or 4

@group(0) @binding(0) var<storage, read> raw: array<f32>;               // [R, WIDTH] r, k, v, then hidden values
@group(0) @binding(1) var<storage, read> ups: array<u32>;               // [ranks of w, a, v, g, D], two ranks a word if narrow
@group(0) @binding(2) var<storage, read> vectors: array<f32>;           // [5, D] w0, a0, v0, k_k, k_a
@group(0) @binding(3) var<storage, read_write> v_first: array<f32>;     // [R, D]
@group(0) @binding(4) var<storage, read_write> prepared: array<f32>;    // [6, R, D] w, k, v, kappa, kappa a, g

var<workgroup> parts: array<vec4f, 1024>;  // [TILE, 4 quarters, N] of w, a, v, g
var<workgroup> squares: array<f32, 256>;   // [TILE, N]

fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-x));
}

@compute @workgroup_size(N, 4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let d = group.x * N + local.x;
  let row0 = group.y * TILE;
  let words = select(2u, 1u, FORMAT == 0u);  // ranks a word

  var sums: array<vec4f, 4>;  // [TILE] of w, a, v, g
  var base = 0u;
  for (var q = 0u; q < 4u; q++) {
    let rank = array<u32, 4>(RANK_W, RANK_A, RANK_V, RANK_G)[q];
    let at = array<u32, 4>(AT_W, AT_A, AT_V, AT_G)[q];
    for (var n = local.y; n < rank / words; n += 4u) {
      let word = ups[(base + n) * D + d];
      if (FORMAT == 0u) {
        for (var m = 0u; m < TILE; m++) {
          sums[m][q] = fma(bitcast<f32>(word), raw[(row0 + m) * WIDTH + at + n], sums[m][q]);
        }
      } else {
        let wide = bitcast<vec2f>(vec2u(word << 16u, word & 0xffff0000u));
        let pair = select(wide, unpack2x16float(word), FORMAT == 1u);
        for (var m = 0u; m < TILE; m++) {
          let even = fma(pair.x, raw[(row0 + m) * WIDTH + at + 2u * n], sums[m][q]);
          sums[m][q] = fma(pair.y, raw[(row0 + m) * WIDTH + at + 2u * n + 1u], even);
        }
      }
    }
    base += rank / words;
  }
  for (var m = 0u; m < TILE; m++) {
    parts[(m * 4u + local.y) * N + local.x] = sums[m];
  }
  workgroupBarrier();  // every quarter is in place

  // From here on, quarter y of the workgroup finishes row y.
  let m = local.y;
  let row = row0 + m;
  var a = 0.0;
  var k = 0.0;
  var removal = 0.0;
  if (m < TILE) {
    let p = m * 4u * N + local.x;
    let sum = (parts[p] + parts[p + N]) + (parts[p + 2u * N] + parts[p + 3u * N]);
    let at = row * D + d;
    a = sigmoid(vectors[D + d] + sum.y);
    k = raw[row * WIDTH + D + d];
    removal = k * vectors[3u * D + d];
    squares[m * N + local.x] = removal * removal;

    var v = raw[row * WIDTH + 2u * D + d];
    if (FIRST) {
      v_first[at] = v;
    } else {
      v = fma(v_first[at] - v, sigmoid(vectors[2u * D + d] + sum.z), v);
    }
    prepared[at] = exp(-0.606531 * sigmoid(vectors[d] + sum.x));
    prepared[R * D + at] = k * fma(a - 1.0, vectors[4u * D + d], 1.0);
    prepared[2u * R * D + at] = v;
    prepared[5u * R * D + at] = sum.w;
  }
  for (var span = N / 2u; span > 0u; span >>= 1u) {
    workgroupBarrier();  // the squares of the wider span are in place
    if (m < TILE && local.x < span) {
      squares[m * N + local.x] += squares[m * N + local.x + span];
    }
  }
  workgroupBarrier();  // the sum of squares is in place
  if (m < TILE) {
    let at = row * D + d;
    let kappa = removal / max(sqrt(squares[m * N]), 1e-12);
    prepared[3u * R * D + at] = kappa;
    prepared[4u * R * D + at] = kappa * a;
  }
}
