// matmul: y = x W' for a chunk of many rows, the prefill path, weights in any of five formats.
//
//   y[m, o] = act(sum_k W[o, k] x[plane(o), m, k])  (+ y[m, o])
//
// The weights lie as product.wgsl wants them, and go from memory straight into registers: an
// invocation keeps 8 outputs of 8 rows, so that one vec4 of x from workgroup memory feeds 32
// multiplications, which is what keeps the multipliers busy. Rows are dealt in turn, m * 8 + local.y,
// so that invocations side by side read rows that are 9 vec4s apart: no two from the same banks.
// Each output is one chain of additions along k, so a row's bits do not depend on where in a chunk
// it lies.
//
// shader-f16 is not asked for: sums of hundreds of products in f16 are no longer the model's, and
// f16 weights with f32 sums would save unpacking alone. docs/speed.md says what else is left out.
//
// dispatch  (outputs / 64) x (rows / 64) workgroups of 64 invocations
// source    ours
// oracle    test/oracle/product.ts

override FORMAT: u32;  // 0 f32, 1 f16, 2 bf16, 3 int8, 4 int4
override K: u32;       // columns, a multiple of 32
override R: u32;       // rows there is room for in a plane of x, a multiple of 64
override WIDTH: u32;   // outputs of a row of y
override BLOCK0: u32;  // first block of this part of the matrix
override RELU2: bool;  // act is relu squared
override TANH: u32;    // outputs that read this plane take tanh
override SIGMOID: u32; // outputs that read this plane take the sigmoid
override ADD: bool;    // add to y, or set it
override B1: u32;      // first block that reads plane 1
override B2: u32;
override B3: u32;
override B4: u32;
override B5: u32;

const BLOCK = 64u;  // outputs of a block, and rows of a tile
const SIDE = 8u;    // outputs, and rows, of an invocation
const PITCH = 9u;   // vec4s from row to row of the tile: 8, and one to spread the banks

@group(0) @binding(0) var<storage, read> weights: array<vec4u>;  // [blocks, K / per, BLOCK], per = weights in 16 bytes
@group(0) @binding(1) var<storage, read> scales: array<u32>;     // [blocks, K / 64, BLOCK] two f16 each
@group(0) @binding(2) var<storage, read> x: array<vec4f>;        // [planes, R, K]
@group(0) @binding(3) var<storage, read_write> y: array<f32>;    // [R, WIDTH]

var<workgroup> tile: array<vec4f, BLOCK * PITCH>;  // 32 columns of 64 rows

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

@compute @workgroup_size(SIDE, SIDE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let block = group.x;
  let lane = local.x;
  let global = block + BLOCK0;
  let plane = u32(global >= B1) + u32(global >= B2) + u32(global >= B3) + u32(global >= B4) + u32(global >= B5);
  let row0 = group.y * BLOCK;

  // Sixteen bytes hold 4, 8, 8, 16 or 32 weights; 32 columns take this many loads.
  let loads = select(select(select(8u, 4u, FORMAT >= 1u), 2u, FORMAT == 3u), 1u, FORMAT == 4u);
  let quads = 8u / loads;  // vec4s in a load

  var acc: array<f32, 64>;  // [SIDE rows, SIDE outputs]
  for (var c = 0u; c < K / 32u; c++) {
    workgroupBarrier();  // everyone is done with the tile before
    for (var n = 0u; n < SIDE; n++) {
      let row = n * SIDE + local.y;
      tile[row * PITCH + local.x] = x[(plane * R + row0 + row) * (K / 4u) + c * 8u + local.x];
    }
    workgroupBarrier();  // the tile is in place

    var scale: array<f32, SIDE>;
    if (FORMAT >= 3u) {
      for (var o = 0u; o < SIDE; o++) {
        let pair = unpack2x16float(scales[(block * ((K + 32u) / 64u) + c / 2u) * BLOCK + lane + SIDE * o]);
        scale[o] = select(pair.x, pair.y, (c & 1u) == 1u);
      }
    }
    for (var l = 0u; l < loads; l++) {
      let at = ((block * (K / 32u) + c) * loads + l) * BLOCK + lane;
      var q: array<vec4u, SIDE>;
      for (var o = 0u; o < SIDE; o++) {
        q[o] = weights[at + SIDE * o];
      }
      for (var j = 0u; j < quads; j++) {
        var w: array<vec4f, SIDE>;
        for (var o = 0u; o < SIDE; o++) {
          w[o] = unpack(q[o], j);
          if (FORMAT >= 3u) {
            w[o] *= scale[o];
          }
        }
        for (var m = 0u; m < SIDE; m++) {
          let e = tile[(m * SIDE + local.y) * PITCH + l * quads + j];
          for (var o = 0u; o < SIDE; o++) {
            acc[m * SIDE + o] = fma(w[o].w, e.w, fma(w[o].z, e.z, fma(w[o].y, e.y, fma(w[o].x, e.x, acc[m * SIDE + o]))));
          }
        }
      }
    }
  }

  for (var m = 0u; m < SIDE; m++) {
    for (var o = 0u; o < SIDE; o++) {
      var sum = acc[m * SIDE + o];
      sum = act(sum, plane);
      let at = (row0 + m * SIDE + local.y) * WIDTH + global * BLOCK + lane + SIDE * o;
      if (ADD) {
        sum += y[at];
      }
      y[at] = sum;
    }
  }
}
