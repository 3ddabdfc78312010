// softmax: causal softmax attention of a chunk of queries over every key so far.
//
//   y_t = sum_{s <= t} softmax_s(q_t . k_s / sqrt(N)) v_s
//
// Tiled with an online softmax: 32 queries stay in workgroup memory while keys and values pass by
// in tiles of 16; no score reaches a buffer, and a tile with a higher score rescales what was summed
// before it. An invocation takes four queries at once, as the columns of a matrix: first against two
// keys, then for two quads of value channels.
//
// dispatch  H x ceil(T / 32) workgroups of 64 invocations: 8 groups of queries x 8 of keys
// source    Milakov and Gimelshein 2018, arXiv:1805.02867; Dao et al. 2022, arXiv:2205.14135
// oracle    lab/curse/test/oracle.ts

const N = 64u;        // head size
const Q = N / 4u;     // a head's vector, in vec4
const ROWS = 32u;     // queries of a workgroup
const TILE = 16u;     // keys in a tile
const GROUPS = 8u;    // groups of four queries
const LOW = -3.0e38;  // below every score

override H: u32;      // heads

struct Chunk {
  seen: u32,          // keys before the chunk's first query
  T: u32,             // queries in the chunk
}

@group(0) @binding(0) var<uniform> chunk: Chunk;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;        // [T, H, N] queries
@group(0) @binding(2) var<storage, read> k: array<vec4f>;        // [seen + T or more, H, N] keys
@group(0) @binding(3) var<storage, read> v: array<vec4f>;        // [seen + T or more, H, N] values
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [T, H, N] outputs

var<workgroup> q_rows: array<vec4f, ROWS * Q>;
var<workgroup> tile: array<vec4f, TILE * Q>;          // keys, then values
var<workgroup> weights: array<vec4f, TILE * GROUPS>;  // scores, then their exponentials

@compute @workgroup_size(N)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let h = group.x;
  let first = group.y * ROWS;
  let end = chunk.seen + min(first + ROWS, chunk.T);
  let rows = i / 8u;   // which four queries
  let part = i % 8u;   // which two keys of the tile, which two quads of channels
  let here = vec4u(0u, 1u, 2u, 3u) + chunk.seen + first + rows * 4u;

  for (var x = i; x < ROWS * Q; x += N) {
    let t = min(first + x / Q, chunk.T - 1u);
    q_rows[x] = q[(t * H + h) * Q + x % Q] * inverseSqrt(f32(N));
  }

  var top = vec4f(LOW);
  var total = vec4f();
  var low: mat4x4f;    // the sums for the first quad of channels, a column a query
  var high: mat4x4f;   // and for the second
  for (var base = 0u; base < end; base += TILE) {
    workgroupBarrier();  // the values of the tile before are used up
    for (var x = i; x < TILE * Q; x += N) {
      tile[x] = k[(min(base + x / Q, end - 1u) * H + h) * Q + x % Q];
    }
    workgroupBarrier();  // queries and keys are in place

    var even = vec4f();
    var odd = vec4f();
    for (var c = 0u; c < Q; c++) {
      let at = rows * 4u * Q + c;
      let four = mat4x4f(
        q_rows[at], q_rows[at + Q], q_rows[at + 2u * Q], q_rows[at + 3u * Q],
      );
      even += tile[part * 2u * Q + c] * four;
      odd += tile[(part * 2u + 1u) * Q + c] * four;
    }
    let key = vec4u(base + part * 2u);
    even = select(vec4f(LOW), even, key <= here);
    odd = select(vec4f(LOW), odd, key + 1u <= here);
    weights[part * 2u * GROUPS + rows] = even;
    weights[(part * 2u + 1u) * GROUPS + rows] = odd;
    workgroupBarrier();  // every score is in place, and the keys are used up

    var peak = top;
    for (var s = 0u; s < TILE; s++) {
      peak = max(peak, weights[s * GROUPS + rows]);
    }
    let fade = exp(top - peak);
    top = peak;
    total *= fade;
    low = mat4x4f(low[0] * fade.x, low[1] * fade.y, low[2] * fade.z, low[3] * fade.w);
    high = mat4x4f(high[0] * fade.x, high[1] * fade.y, high[2] * fade.z, high[3] * fade.w);
    for (var x = i; x < TILE * Q; x += N) {
      tile[x] = v[(min(base + x / Q, end - 1u) * H + h) * Q + x % Q];
    }
    workgroupBarrier();  // every maximum is taken: scores may become weights
    weights[part * 2u * GROUPS + rows] = exp(even - peak);
    weights[(part * 2u + 1u) * GROUPS + rows] = exp(odd - peak);
    workgroupBarrier();  // weights and values are in place

    for (var s = 0u; s < TILE; s++) {
      let w = weights[s * GROUPS + rows];
      let a = tile[s * Q + part * 2u];
      let b = tile[s * Q + part * 2u + 1u];
      total += w;
      low += mat4x4f(a * w.x, a * w.y, a * w.z, a * w.w);
      high += mat4x4f(b * w.x, b * w.y, b * w.z, b * w.w);
    }
  }

  for (var r = 0u; r < 4u; r++) {
    let t = first + rows * 4u + r;
    if (t < chunk.T) {
      let at = (t * H + h) * Q + part * 2u;
      y[at] = low[r] / total[r];
      y[at + 1u] = high[r] / total[r];
    }
  }
}
