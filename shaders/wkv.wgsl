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
@group(0) @binding(1) var<storage, read> raw: array<f32>;            // [R, WIDTH], beginning with r
@group(0) @binding(2) var<storage, read> prepared: array<f32>;       // [7, R, D] w, k, v, kappa, kappa a, g, bonus
@group(0) @binding(3) var<storage, read> vectors: array<f32>;        // [2, D] norm weight, norm bias
@group(0) @binding(4) var<storage, read_write> state: array<vec4f>;  // [B, STRIDE]
@group(0) @binding(5) var<storage, read_write> out: array<f32>;      // [R, D]

var<workgroup> r_t: array<vec4f, QUADS>;
var<workgroup> w_t: array<vec4f, QUADS>;
var<workgroup> k_t: array<vec4f, QUADS>;
var<workgroup> kappa_t: array<vec4f, QUADS>;
var<workgroup> b_t: array<vec4f, QUADS>;  // kappa a
var<workgroup> y_t: array<vec4f, QUADS>;

fn across(x: vec4f) -> f32 {
  return (x.x + x.y) + (x.z + x.w);
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

  var S: array<vec4f, QUADS>;
  for (var j = 0u; j < QUADS; j++) {
    S[j] = state[memory + j];
  }

  for (var t = first; t < end; t++) {
    let at = t * D + d;

    workgroupBarrier();  // every row is done with the token before
    r_t[i / 4u][i % 4u] = raw[t * WIDTH + d];
    k_t[i / 4u][i % 4u] = prepared[R * D + at];
    w_t[i / 4u][i % 4u] = prepared[at];
    kappa_t[i / 4u][i % 4u] = prepared[3u * R * D + at];
    b_t[i / 4u][i % 4u] = prepared[4u * R * D + at];
    workgroupBarrier();  // this token is in place

    var removed4 = vec4f();
    for (var j = 0u; j < QUADS; j++) {
      removed4 = fma(S[j], kappa_t[j], removed4);
    }
    let removed = -across(removed4);

    let v = prepared[2u * R * D + at];
    var y4 = vec4f();
    for (var j = 0u; j < QUADS; j++) {
      S[j] = fma(S[j], w_t[j], fma(vec4f(removed), b_t[j], v * k_t[j]));
      y4 = fma(S[j], r_t[j], y4);
    }
    let y = across(y4);
    y_t[i / 4u][i % 4u] = y;
    workgroupBarrier();  // every row's y is in place

    var sum = vec4f();
    for (var j = 0u; j < QUADS; j++) {
      sum += y_t[j];
    }
    let mean = across(sum) / f32(N);
    var squares = vec4f();
    for (var j = 0u; j < QUADS; j++) {
      let e = y_t[j] - mean;
      squares = fma(e, e, squares);
    }
    let scale = inverseSqrt(across(squares) / f32(N) + 64e-5);
    let normed = fma((y - mean) * scale, vectors[d], vectors[D + d]);
    out[at] = (normed + prepared[6u * R * D + at]) * prepared[5u * R * D + at];
  }

  for (var j = 0u; j < QUADS; j++) {
    state[memory + j] = S[j];
  }
}
