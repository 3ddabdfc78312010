// linear: causal linear attention of a chunk of tokens, multiplied as Q (K^T V).
//
//   S <- S + v k^T
//   y  = S q
//
// The product is associative: summing v k^T first leaves N x N numbers whatever the number of
// tokens, and linear_pairs.wgsl gives the same outputs from every pair. A row's update needs no other
// row: invocation i keeps row i for the whole chunk, and only the token's vectors are shared.
//
// dispatch  H workgroups of N invocations: one workgroup a head, one invocation a row
// source    Katharopoulos et al. 2020, arXiv:2006.16236, section 3.3, without feature map and norm
// oracle    lab/curse/test/oracle.ts

const N = 64u;     // head size
const Q = N / 4u;  // a head's vector, in vec4

override H: u32;   // heads

struct Chunk {
  T: u32,          // tokens in the chunk
}

@group(0) @binding(0) var<uniform> chunk: Chunk;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;            // [T, H, N] queries
@group(0) @binding(2) var<storage, read> k: array<vec4f>;            // [T, H, N] keys
@group(0) @binding(3) var<storage, read> v: array<f32>;              // [T, H, N] values
@group(0) @binding(4) var<storage, read_write> state: array<vec4f>;  // [H, N, N], row is the value channel
@group(0) @binding(5) var<storage, read_write> y: array<f32>;        // [T, H, N] outputs

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

    let value = v[head * N + i];
    var out = vec4f();
    for (var c = 0u; c < Q; c++) {
      S[c] += value * k_t[c];
      out += S[c] * q_t[c];
    }
    y[head * N + i] = dot(out, vec4f(1.0));
  }

  for (var c = 0u; c < Q; c++) {
    state[row + c] = S[c];
  }
}
