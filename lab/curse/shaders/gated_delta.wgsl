// gated_delta: the delta rule on a memory that fades, token by token, as its gate says.
//
//   S <- g S + b (v - g S k) k^T
//   y  = S q
//
// The gate forgets everything at once, the delta rule one key at a time. A row's update needs no other
// row: invocation i keeps row i for the whole chunk, and only the token's vectors are shared.
//
// dispatch  H workgroups of N invocations: one workgroup a head, one invocation a row
// source    Yang, Kautz and Hatamizadeh 2024, arXiv:2412.06464, equation 10
// oracle    lab/curse/test/oracle.ts

const N = 64u;     // head size
const Q = N / 4u;  // a head's vector, in vec4

override H: u32;   // heads

struct Chunk {
  T: u32,          // tokens in the chunk
}

@group(0) @binding(0) var<uniform> chunk: Chunk;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;            // [T, H, N] queries
@group(0) @binding(2) var<storage, read> k: array<vec4f>;            // [T, H, N] keys, |k| = 1
@group(0) @binding(3) var<storage, read> v: array<f32>;              // [T, H, N] values
@group(0) @binding(4) var<storage, read> b: array<f32>;              // [T, H] write strength, in [0, 1]
@group(0) @binding(5) var<storage, read> g: array<f32>;              // [T, H] gate, in [0, 1]
@group(0) @binding(6) var<storage, read_write> state: array<vec4f>;  // [H, N, N], row is the value channel
@group(0) @binding(7) var<storage, read_write> y: array<f32>;        // [T, H, N] outputs

var<workgroup> q_t: array<vec4f, Q>;
var<workgroup> k_t: array<vec4f, Q>;

@compute @workgroup_size(N)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let h = group.x;
  let row = (h * N + i) * Q;

  var S: array<vec4f, Q>;
  for (var c = 0u; c < Q; c++) {
    S[c] = state[row + c];
  }

  for (var t = 0u; t < chunk.T; t++) {
    let head = t * H + h;

    workgroupBarrier();  // every row is done with token t - 1
    if (i < Q) {
      q_t[i] = q[head * Q + i];
      k_t[i] = k[head * Q + i];
    }
    workgroupBarrier();  // token t is in place

    var known = vec4f();
    for (var c = 0u; c < Q; c++) {
      known += S[c] * k_t[c];
    }
    let change = b[head] * (v[head * N + i] - g[head] * dot(known, vec4f(1.0)));

    var out = vec4f();
    for (var c = 0u; c < Q; c++) {
      S[c] = g[head] * S[c] + change * k_t[c];
      out += S[c] * q_t[c];
    }
    y[head * N + i] = dot(out, vec4f(1.0));
  }

  for (var c = 0u; c < Q; c++) {
    state[row + c] = S[c];
  }
}
