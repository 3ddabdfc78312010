// mix_product: y = W mix(LN(x)) for one row x: what mix and product do, in one dispatch.
//
//   u = LN(x);  e[p] = u + (before - u) * lerp[p];  y[o] = act(sum_k W[o, k] e[plane(o), k])
//
// Where a pass is one row, the mix is small beside the weights, but a dispatch for it alone makes the
// device wait twice. So each workgroup mixes the row anew, for the one plane that its outputs read,
// into its own memory: it loads five vectors that all workgroups share, where it would load one.
//
// Workgroups that start late must still find the row before, so u must not go where that is read:
// before and after are two buffers, and advance.wgsl moves what has to move between the two. The first
// workgroup writes u. In front of the head there is no row before, and u is what it reads.
//
// The sums are those of mix.wgsl, normalize.wgsl and product.wgsl, in their order, so that a row has the same
// bits with neighbours as without.
//
// dispatch  (outputs / LANES / ROWS) workgroups of LANES x SPLIT invocations, at least 16
// source    ours; mix: BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7_numpy.py, time_mixing and channel_mixing
// oracle    test/oracle/mix.ts, then test/oracle/product.ts

override FORMAT: u32;   // 0 f32, 1 f16, 2 bf16, 3 int8, 4 int4
override K: u32;        // columns, the width of x: a multiple of 64 up to about 2800
override BLOCK0: u32;   // first block of this part of the matrix
override ROWS: u32;     // outputs an invocation keeps: 1, 2, 4 or 8
override LANES: u32;    // invocations side by side, at most 64 / ROWS
override SPLIT: u32;    // invocations that share an output
override NORM: u32;     // sums of the norm: THREADS of mix.wgsl
override SHIFTED: bool; // mix with the row before
override BEFORE: u32;   // where a lane's row before begins in `before`
override BEFORE_STRIDE: u32;
override AFTER: u32;    // where a lane's u goes in `after`
override AFTER_STRIDE: u32;
override RELU2: bool;   // act is relu squared
override TANH: u32;     // outputs that read this plane take tanh
override SIGMOID: u32;  // outputs that read this plane take the sigmoid
override B1: u32;       // first block that reads plane 1
override B2: u32;
override B3: u32;
override B4: u32;
override B5: u32;

const BLOCK = 64u;  // outputs of a block
const NONE = 0xffffffffu;

struct Row {
  token: u32,
  lane: u32,
  count: u32,
  start: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<vec4u>;     // [blocks, K / per, BLOCK], per = weights in 16 bytes
@group(0) @binding(1) var<storage, read> scales: array<u32>;        // [blocks, K / 64, BLOCK] two f16 each
@group(0) @binding(2) var<storage, read> rows: array<Row>;          // [R]
@group(0) @binding(3) var<storage, read> x: array<vec4f>;           // [R, K]
@group(0) @binding(4) var<storage, read> vectors: array<vec4f>;     // [2 + P, K] norm weight, norm bias, lerps
@group(0) @binding(5) var<storage, read> before: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> after: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> y: array<f32>;       // [R, outputs]

var<workgroup> mixed: array<vec4f, K / 4u>;
var<workgroup> sums: array<f32, NORM>;
var<workgroup> some: array<f32, 16>;
var<workgroup> parts: array<f32, SPLIT * BLOCK>;

// The j-th four weights of sixteen bytes.
fn unpack(q: vec4u, j: u32) -> vec4f {
  if (FORMAT == 0u) {
    return bitcast<vec4f>(q);
  }
  if (FORMAT == 1u) {
    let pair = select(q.xy, q.zw, j == 1u);
    return vec4f(unpack2x16float(pair.x), unpack2x16float(pair.y));
  }
  if (FORMAT == 2u) {
    let pair = select(q.xy, q.zw, j == 1u);
    return bitcast<vec4f>(vec4u(pair.x << 16u, pair.x & 0xffff0000u, pair.y << 16u, pair.y & 0xffff0000u));
  }
  if (FORMAT == 3u) {
    return vec4f(unpack4xI8(q[j]));
  }
  return vec4f(unpack4xU8((q[j >> 1u] >> (4u * (j & 1u))) & 0x0f0f0f0fu)) - 8.0;
}

fn act(x: f32, plane: u32) -> f32 {
  if (RELU2) {
    let positive = max(x, 0.0);
    return positive * positive;
  }
  if (plane == TANH) {
    // By way of exp of a negative number, which overflows nowhere.
    let e = exp(-2.0 * abs(x));
    return sign(x) * (1.0 - e) / (1.0 + e);
  }
  return select(x, 1.0 / (1.0 + exp(-x)), plane == SIGMOID);
}

// The sum of the sums: sixteen, then one, as in mix.wgsl.
fn total(i: u32) -> f32 {
  workgroupBarrier();  // every part is in place
  if (i < 16u) {
    var sum = 0.0;
    for (var j = i; j < NORM; j += 16u) {
      sum += sums[j];
    }
    some[i] = sum;
  }
  workgroupBarrier();  // sixteen sums are in place
  var sum = 0.0;
  for (var j = 0u; j < 16u; j++) {
    sum += some[j];
  }
  return sum;
}

@compute @workgroup_size(LANES, SPLIT)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let row_lane = rows[0].lane;
  if (row_lane == NONE) {
    return;
  }
  let per_block = BLOCK / (LANES * ROWS);  // workgroups a block
  let block = group.x / per_block;
  let lane = (group.x % per_block) * LANES * ROWS + local.x;
  let global = block + BLOCK0;
  let plane = u32(global >= B1) + u32(global >= B2) + u32(global >= B3) + u32(global >= B4) + u32(global >= B5);

  // Invocations take the places of mix.wgsl's in turn, each with its own columns.
  for (var t = i; t < NORM; t += LANES * SPLIT) {
    var sum = 0.0;
    for (var c = t; c < K / 4u; c += NORM) {
      let e = x[c];
      mixed[c] = e;
      sum += (e.x + e.y) + (e.z + e.w);
    }
    sums[t] = sum;
  }
  let mean = total(i) / f32(K);
  for (var t = i; t < NORM; t += LANES * SPLIT) {
    var sum = 0.0;
    for (var c = t; c < K / 4u; c += NORM) {
      let e = mixed[c] - mean;
      sum = fma(e.w, e.w, fma(e.z, e.z, fma(e.y, e.y, fma(e.x, e.x, sum))));
    }
    sums[t] = sum;
  }
  let deviation = inverseSqrt(total(i) / f32(K) + 1e-5);
  for (var t = i; t < NORM; t += LANES * SPLIT) {
    for (var c = t; c < K / 4u; c += NORM) {
      var e = fma((mixed[c] - mean) * deviation, vectors[c], vectors[K / 4u + c]);
      if (SHIFTED) {
        if (group.x == 0u && BLOCK0 == 0u) {
          after[(row_lane * AFTER_STRIDE + AFTER) / 4u + c] = e;
        }
        let other = before[(row_lane * BEFORE_STRIDE + BEFORE) / 4u + c];
        e = fma(other - e, vectors[(2u + plane) * (K / 4u) + c], e);
      }
      mixed[c] = e;
    }
  }
  workgroupBarrier();  // the mix is in place

  // Sixteen bytes hold 4, 8, 8, 16 or 32 weights; 32 columns take this many loads.
  let loads = select(select(select(8u, 4u, FORMAT >= 1u), 2u, FORMAT == 3u), 1u, FORMAT == 4u);
  let quads = 8u / loads;  // vec4s in a load

  var acc: array<f32, 8>;  // of each output one chain of additions
  for (var c = local.y; c < K / 32u; c += SPLIT) {
    var scale = array<f32, 8>();
    if (FORMAT >= 3u) {
      for (var r = 0u; r < ROWS; r++) {
        let pair = unpack2x16float(scales[(block * ((K + 32u) / 64u) + c / 2u) * BLOCK + lane + LANES * r]);
        scale[r] = select(pair.x, pair.y, (c & 1u) == 1u);
      }
    }
    for (var l = 0u; l < loads; l++) {
      let at = ((block * (K / 32u) + c) * loads + l) * BLOCK + lane;
      var q: array<vec4u, 8>;
      for (var r = 0u; r < ROWS; r++) {
        q[r] = weights[at + LANES * r];
      }
      for (var j = 0u; j < quads; j++) {
        let e = mixed[c * 8u + l * quads + j];
        for (var r = 0u; r < ROWS; r++) {
          var w = unpack(q[r], j);
          if (FORMAT >= 3u) {
            w *= scale[r];
          }
          acc[r] = fma(w.w, e.w, fma(w.z, e.z, fma(w.y, e.y, fma(w.x, e.x, acc[r]))));
        }
      }
    }
  }

  for (var r = 0u; r < ROWS; r++) {
    parts[local.y * BLOCK + r * LANES + local.x] = acc[r];
  }
  workgroupBarrier();  // every part is in place
  for (var o = local.y; o < ROWS; o += SPLIT) {
    var sum = 0.0;
    for (var s = 0u; s < SPLIT; s++) {
      sum += parts[s * BLOCK + o * LANES + local.x];
    }
    y[global * BLOCK + lane + LANES * o] = act(sum, plane);
  }
}
