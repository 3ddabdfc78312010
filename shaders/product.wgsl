// product: y = W x for a few rows x, the path of decode and short prompts, weights in any of five formats.
//
//   y[m, o] = act(sum_k W[o, k] x[plane(o), m, k])  (+ y[m, o])
//
// Decode reads every weight once and little else, so all is arranged for that: 64 outputs form a
// block, and a block keeps the 16 bytes that follow each other in k side by side over its outputs,
// so that neighbouring invocations load neighbouring vec4s. An invocation keeps ROWS outputs, to
// load each x once for all of them, and reads its weights once for TILE rows; SPLIT invocations share
// an output's k. The order of additions in an output depends on K and SPLIT alone, so a row's bits
// never depend on how many rows there are.
//
// Outputs of several matrices may be stacked: blocks from B1, B2, ... on read the next plane of x.
//
// Where an output has many columns, an invocation waits for its loads one after the other: 40 times for
// the value's matrix of 2.9B in int8, 24 us of which the bytes take 6 on an H200. So where there are few
// lanes, twice as many invocations share a product that adds, in narrower workgroups of which there are
// twice as many too.
// To share k between workgroups instead would take another dispatch to add the parts up; by
// bench/time_model.ts that one costs what it gains (3 us) once this is done. x, which all workgroups
// read, comes from caches at a quarter of the time that the weights take from memory.
//
// dispatch  (outputs / LANES / ROWS) x (rows / TILE) workgroups of LANES x SPLIT invocations
// source    ours
// oracle    test/oracle/product.ts

override FORMAT: u32;  // 0 f32, 1 f16, 2 bf16, 3 int8, 4 int4
override K: u32;       // columns, a multiple of 32
override R: u32;       // rows there is room for in a plane of x
override WIDTH: u32;   // outputs of a row of y
override BLOCK0: u32;  // first block of this part of the matrix
override TILE: u32;    // rows of x a workgroup takes: 1 to 32
override ROWS: u32;    // outputs an invocation keeps: 1, 2, 4 or 8, at most 64 / TILE
override LANES: u32;   // invocations side by side, at most 64 / ROWS
override SPLIT: u32;   // invocations that share an output
override RELU2: bool;  // act is relu squared
override TANH: u32;    // outputs that read this plane take tanh
override SIGMOID: u32; // outputs that read this plane take the sigmoid
override ADD: bool;    // add to y, or set it
override B1: u32;      // first block that reads plane 1
override B2: u32;
override B3: u32;
override B4: u32;
override B5: u32;

const BLOCK = 64u;   // outputs of a block

@group(0) @binding(0) var<storage, read> weights: array<vec4u>;  // [blocks, K / per, BLOCK], per = weights in 16 bytes
@group(0) @binding(1) var<storage, read> scales: array<u32>;     // [blocks, K / 64, BLOCK] two f16 each
@group(0) @binding(2) var<storage, read> x: array<vec4f>;        // [planes, R, K]
@group(0) @binding(3) var<storage, read_write> y: array<f32>;    // [R, WIDTH]

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

@compute @workgroup_size(LANES, SPLIT)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let per_block = BLOCK / (LANES * ROWS);  // workgroups a block
  let block = group.x / per_block;
  let lane = (group.x % per_block) * LANES * ROWS + local.x;
  let global = block + BLOCK0;
  let plane = u32(global >= B1) + u32(global >= B2) + u32(global >= B3) + u32(global >= B4) + u32(global >= B5);
  let row0 = group.y * TILE;

  // Sixteen bytes hold 4, 8, 8, 16 or 32 weights; 32 columns take this many loads.
  let loads = select(select(select(8u, 4u, FORMAT >= 1u), 2u, FORMAT == 3u), 1u, FORMAT == 4u);
  let quads = 8u / loads;  // vec4s in a load

  var acc: array<f32, 64>;  // [ROWS, TILE], each one chain of additions
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
        let k = c * 8u + l * quads + j;
        var w: array<vec4f, 8>;
        for (var r = 0u; r < ROWS; r++) {
          w[r] = unpack(q[r], j);
          if (FORMAT >= 3u) {
            w[r] *= scale[r];
          }
        }
        for (var m = 0u; m < TILE; m++) {
          let e = x[(plane * R + row0 + m) * (K / 4u) + k];
          for (var r = 0u; r < ROWS; r++) {
            acc[r * TILE + m] = fma(w[r].w, e.w, fma(w[r].z, e.z, fma(w[r].y, e.y, fma(w[r].x, e.x, acc[r * TILE + m]))));
          }
        }
      }
    }
  }

  for (var m = 0u; m < TILE; m++) {
    workgroupBarrier();  // the row before has been added up
    for (var r = 0u; r < ROWS; r++) {
      parts[local.y * BLOCK + r * LANES + local.x] = acc[r * TILE + m];
    }
    workgroupBarrier();  // every part of this row is in place
    for (var o = local.y; o < ROWS; o += SPLIT) {
      var sum = 0.0;
      for (var s = 0u; s < SPLIT; s++) {
        sum += parts[s * BLOCK + o * LANES + local.x];
      }
      sum = act(sum, plane);
      let at = (row0 + m) * WIDTH + global * BLOCK + lane + LANES * o;
      if (ADD) {
        sum += y[at];
      }
      y[at] = sum;
    }
  }
}
