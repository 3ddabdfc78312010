// wkv: update each head's state with a segment of tokens; read, normalise and gate each output.
//
//   S <- S diag(w) - (S kappa)(kappa a)^T + v k^T
//   y  = S r
//   out = (norm(y) * weight + bias + bonus) * g      norm over the head, eps 64e-5
//
// S[i, j] is the memory of value channel i under key channel j. A row's update needs no other
// row, so invocation i keeps row i in registers for the whole segment; only the key-side vectors
// are shared. The norm needs every row of the head, which is this workgroup: one more barrier instead
// of another dispatch.
//
// Tokens follow each other, and each would wait for its loads: so TILE of them are loaded at once, and
// their outputs normalised together. bench/time_model.ts has one token after the other at 2.4 us, of
// which prefill was a third to two thirds on large GPUs.
//
// Writing one component of a shared vec4f may write all of it (WGSL, "memory accesses"), so that
// invocations which write neighbours would race: 16 of them write a vector as whole vec4fs, and
// what every invocation has one value of is an array of scalars.
//
// dispatch  H x segments workgroups of N invocations: one workgroup a head, one invocation a row
// source    BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7_numpy.py, time_mixing
// oracle    test/oracle/wkv.ts

const N = 64u;     // head size: RWKV-7 fixes it
const QUADS = 16u; // vec4s in a head
const TILE = 4u;   // tokens loaded at once: one vec4 of r an invocation

override D: u32;       // width
override R: u32;       // rows there is room for
override WIDTH: u32;   // values of a row of raw
override STRIDE: u32;  // values of a lane's state in this layer; the memory begins at D

const NONE = 0xffffffffu;

struct Row {
  token: u32,
  lane: u32,
  count: u32,  // rows of the segment that begins here; 0 inside a segment
  start: u32,  // first row of the segment numbered as this row
}

@group(0) @binding(0) var<storage, read> rows: array<Row>;           // [R]
@group(0) @binding(1) var<storage, read> raw: array<vec4f>;          // [R, WIDTH], beginning with r
@group(0) @binding(2) var<storage, read> prepared: array<vec4f>;     // [7, R, D] w, k, v, kappa, kappa a, g, bonus
@group(0) @binding(3) var<storage, read> vectors: array<f32>;        // [8, D] six others, norm weight, norm bias
@group(0) @binding(4) var<storage, read_write> state: array<vec4f>;  // [B, STRIDE]
@group(0) @binding(5) var<storage, read_write> out: array<f32>;      // [R, D]

var<workgroup> r_t: array<vec4f, TILE * QUADS>;
var<workgroup> keys: array<vec4f, TILE * 4u * QUADS>;  // of a token w, k, kappa, kappa a
var<workgroup> v_t: array<f32, TILE * N>;
var<workgroup> y_t: array<f32, TILE * N>;

// Where each of a token's keys begins.
const W = 0u;
const K = QUADS;
const KAPPA = 2u * QUADS;
const B = 3u * QUADS;

fn across(x: vec4f) -> f32 {
  return (x.x + x.y) + (x.z + x.w);
}

// One value of prepared, by its place among all of them.
fn prepared_at(at: u32) -> f32 {
  return prepared[at / 4u][at % 4u];
}

fn y4_at(m: u32, j: u32) -> vec4f {
  let c = m * N + 4u * j;
  return vec4f(y_t[c], y_t[c + 1u], y_t[c + 2u], y_t[c + 3u]);
}

@compute @workgroup_size(N)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let h = group.x;
  let first = rows[group.y].start;
  let lane = rows[first].lane;
  if (lane == NONE) {
    return;
  }
  let end = first + rows[first].count;
  let memory = (lane * STRIDE + D + (h * N + i) * N) / 4u;
  let d = h * N + i;
  // Of w, k, kappa and kappa a, which are planes 0, 1, 3 and 4, the one to fetch.
  let plane = i / QUADS + u32(i >= KAPPA);

  var S: array<vec4f, QUADS>;
  for (var j = 0u; j < QUADS; j++) {
    S[j] = state[memory + j];
  }

  for (var t0 = first; t0 < end; t0 += TILE) {
    let count = min(TILE, end - t0);
    workgroupBarrier();  // every row is done with the tokens before
    for (var m = 0u; m < TILE; m++) {
      let t = min(t0 + m, end - 1u);
      keys[m * N + i] = prepared[(plane * R * D + t * D + h * N) / 4u + i % QUADS];
      v_t[m * N + i] = prepared_at(2u * R * D + t * D + d);
    }
    r_t[i] = raw[(min(t0 + i / QUADS, end - 1u) * WIDTH + h * N) / 4u + i % QUADS];
    workgroupBarrier();  // these tokens are in place

    for (var m = 0u; m < count; m++) {
      let key = m * N;
      var removed4 = vec4f();
      for (var j = 0u; j < QUADS; j++) {
        removed4 = fma(S[j], keys[key + KAPPA + j], removed4);
      }
      let removed = -across(removed4);

      let v = v_t[key + i];
      var y4 = vec4f();
      for (var j = 0u; j < QUADS; j++) {
        S[j] = fma(S[j], keys[key + W + j], fma(vec4f(removed), keys[key + B + j], v * keys[key + K + j]));
        y4 = fma(S[j], r_t[m * QUADS + j], y4);
      }
      y_t[key + i] = across(y4);
    }
    workgroupBarrier();  // every row's y is in place

    for (var m = 0u; m < count; m++) {
      let at = (t0 + m) * D + d;
      var sum = vec4f();
      for (var j = 0u; j < QUADS; j++) {
        sum += y4_at(m, j);
      }
      let mean = across(sum) / f32(N);
      var squares = vec4f();
      for (var j = 0u; j < QUADS; j++) {
        let e = y4_at(m, j) - mean;
        squares = fma(e, e, squares);
      }
      let scale = inverseSqrt(across(squares) / f32(N) + 64e-5);
      let normed = fma((y_t[m * N + i] - mean) * scale, vectors[6u * D + d], vectors[7u * D + d]);
      out[at] = (normed + prepared_at(6u * R * D + at)) * prepared_at(5u * R * D + at);
    }
  }

  for (var j = 0u; j < QUADS; j++) {
    state[memory + j] = S[j];
  }
}
