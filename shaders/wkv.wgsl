// wkv: update each head's state with a segment of tokens; read, normalise and gate each output.
//
//   S <- S diag(w) - (S kappa)(kappa a)^T + v k^T
//   y  = S r
//   out = (norm(y) * weight + bias + bonus) * g      norm over the head, eps 64e-5
//
// S[i, j] is the memory of value channel i under key channel j. A row's update needs no other
// row, so invocation i keeps row i in registers for the whole segment; only the key-side vectors
// of the current token are shared. The norm needs every row of the head, which is this workgroup: one
// more barrier instead of another dispatch.
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

var<workgroup> r_t: array<vec4f, QUADS>;
var<workgroup> keys: array<vec4f, 4u * QUADS>;  // w, k, kappa, kappa a
var<workgroup> y_t: array<f32, N>;

// Where each of them begins.
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

fn y4_at(j: u32) -> vec4f {
  return vec4f(y_t[4u * j], y_t[4u * j + 1u], y_t[4u * j + 2u], y_t[4u * j + 3u]);
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

  for (var t = first; t < end; t++) {
    let at = t * D + d;

    workgroupBarrier();  // every row is done with the token before
    keys[i] = prepared[(plane * R * D + t * D + h * N) / 4u + i % QUADS];
    if (i < QUADS) {
      r_t[i] = raw[(t * WIDTH + h * N) / 4u + i];
    }
    workgroupBarrier();  // this token is in place

    var removed4 = vec4f();
    for (var j = 0u; j < QUADS; j++) {
      removed4 = fma(S[j], keys[KAPPA + j], removed4);
    }
    let removed = -across(removed4);

    let v = prepared_at(2u * R * D + at);
    var y4 = vec4f();
    for (var j = 0u; j < QUADS; j++) {
      S[j] = fma(S[j], keys[W + j], fma(vec4f(removed), keys[B + j], v * keys[K + j]));
      y4 = fma(S[j], r_t[j], y4);
    }
    let y = across(y4);
    y_t[i] = y;
    workgroupBarrier();  // every row's y is in place

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
    let normed = fma((y - mean) * scale, vectors[6u * D + d], vectors[7u * D + d]);
    out[at] = (normed + prepared_at(6u * R * D + at)) * prepared_at(5u * R * D + at);
  }

  for (var j = 0u; j < QUADS; j++) {
    state[memory + j] = S[j];
  }
}
