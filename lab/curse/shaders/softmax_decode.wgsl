// softmax_decode: add one token to the KV cache and attend to a span of it with the token's query.
//
//   score_s = q . k_s / sqrt(N);  top = max score;  total = sum e^(score - top);
//   sum = sum_s e^(score_s - top) v_s
//
// One query fills no tile, so the cache is cut into spans of 256 keys instead, and softmax_merge
// joins what they found. Neighbouring invocations read neighbouring words all the way: first a quad
// of channels of one key each, 64 keys at a time, then one value channel each.
//
// dispatch  H x ceil((seen + 1) / 256) workgroups of N invocations: one workgroup a span of a head
// source    Dao et al. 2023, Flash-Decoding, crfm.stanford.edu/2023/10/12/flashdecoding.html
// oracle    lab/curse/test/oracle.ts

const N = 64u;        // head size
const Q = N / 4u;     // a head's vector, in vec4
const SPAN = 256u;    // keys of a workgroup
const LOW = -3.0e38;  // below every score

override H: u32;      // heads

struct Step {
  seen: u32,          // tokens in the cache before this one
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;              // [H, N] query
@group(0) @binding(2) var<storage, read> k: array<vec4f>;              // [H, N] key
@group(0) @binding(3) var<storage, read> v: array<f32>;                // [H, N] value
@group(0) @binding(4) var<storage, read_write> k_cache: array<vec4f>;  // [seen + 1 or more, H, N]
@group(0) @binding(5) var<storage, read_write> v_cache: array<f32>;    // [seen + 1 or more, H, N]
@group(0) @binding(6) var<storage, read_write> found: array<f32>;      // [spans, H, N + 2] sum, top, total

var<workgroup> parts: array<f32, N * Q>;  // a quad's share of the scores of N keys
var<workgroup> weights: array<f32, SPAN>;
var<workgroup> peaks: array<f32, N>;

@compute @workgroup_size(N)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let h = group.x;
  let base = group.y * SPAN;
  let keys = min(SPAN, step.seen + 1u - base);

  let quad = i % Q;
  let query = q[h * Q + quad] * inverseSqrt(f32(N));
  let own = k[h * Q + quad];

  var peak = LOW;
  for (var block = 0u; block < keys; block += N) {
    for (var s = i / Q; s < N; s += N / Q) {
      let position = base + block + s;
      if (position > step.seen) {
        continue;
      }
      let at = (position * H + h) * Q + quad;
      var key = k_cache[at];
      if (position == step.seen) {
        key = own;
        k_cache[at] = own;
      }
      parts[s * Q + quad] = dot(query, key);
    }
    workgroupBarrier();  // every quad's share is in place
    let s = block + i;
    if (s < keys) {
      var score = 0.0;
      for (var c = 0u; c < Q; c++) {
        score += parts[i * Q + c];
      }
      weights[s] = score;
      peak = max(peak, score);
    }
    workgroupBarrier();  // the shares are used up
  }
  peaks[i] = peak;
  workgroupBarrier();  // every score and every invocation's maximum is in place

  var top = LOW;
  for (var x = 0u; x < N; x++) {
    top = max(top, peaks[x]);
  }
  for (var s = i; s < keys; s += N) {
    weights[s] = exp(weights[s] - top);  // its own scores
  }
  workgroupBarrier();  // scores have become weights

  var sum = 0.0;
  var total = 0.0;
  for (var s = 0u; s < keys; s++) {
    let at = ((base + s) * H + h) * N + i;
    var value = v_cache[at];
    if (base + s == step.seen) {
      value = v[h * N + i];
      v_cache[at] = value;
    }
    sum += weights[s] * value;
    total += weights[s];
  }

  let out = (group.y * H + h) * (N + 2u);
  found[out + i] = sum;
  if (i == 0u) {
    found[out + N] = top;
    found[out + N + 1u] = total;
  }
}
