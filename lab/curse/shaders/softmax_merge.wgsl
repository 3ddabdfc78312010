// softmax_merge: join what softmax_decode found in each span of the cache.
//
//   top = max_p top_p;  y = sum_p e^(top_p - top) sum_p / sum_p e^(top_p - top) total_p
//
// Spans have different maxima; each is rescaled to the common one. There are few spans, so a head's
// value channels are the only parallelism needed.
//
// dispatch  H workgroups of N invocations: one workgroup a head, one invocation a value channel
// source    Dao et al. 2023, Flash-Decoding, crfm.stanford.edu/2023/10/12/flashdecoding.html
// oracle    lab/curse/test/oracle.ts

const N = 64u;        // head size
const SPAN = 256u;    // keys of a span
const LOW = -3.0e38;  // below every score

override H: u32;      // heads

struct Step {
  seen: u32,          // tokens in the cache before this one
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> found: array<f32>;    // [spans, H, N + 2] sum, top, total
@group(0) @binding(2) var<storage, read_write> y: array<f32>;  // [H, N] output

@compute @workgroup_size(N)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let h = group.x;
  let spans = step.seen / SPAN + 1u;

  var top = LOW;
  for (var p = 0u; p < spans; p++) {
    top = max(top, found[(p * H + h) * (N + 2u) + N]);
  }
  var sum = 0.0;
  var total = 0.0;
  for (var p = 0u; p < spans; p++) {
    let at = (p * H + h) * (N + 2u);
    let scale = exp(found[at + N] - top);
    sum += scale * found[at + i];
    total += scale * found[at + N + 1u];
  }
  y[h * N + i] = sum / total;
}
