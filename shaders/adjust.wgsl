// adjust: logits as the draw sees them, and of each 256 the likeliest token and the weight.
//
//   c <- c decay, forgotten below 2^-10;  c[drawn last] <- c + 1
//   x = logit - (presence + frequency c) if c > 0;  x <- x + bias;  out if its mask bit is 0
//   sum = sum over the 256 of exp((x - their largest x) / temperature)
//
// The sums let the draw choose one of V / 256 groups first, and read that one alone.
//
// The host keeps the same counts and must find the same bits, so each operation rounds once: a
// product that an addition follows passes through `rounded`, which no compiler can see through.
//
// dispatch  (V / 256) x rows workgroups of 64 invocations, four tokens each
// source    src/text/penalties.ts, src/text/sampler.ts
// oracle    test/oracle/sample.ts

override V: u32;      // vocabulary
override B: u32;      // lanes
override WIDTH: u32;  // logits of a row, padded

const THREADS = 64u;
const GROUP = 256u;  // tokens of a workgroup
const NONE = 0xffffffffu;
const DRAWS = 0x40000000u;  // flag of a row: its lane draws after it
const LOWEST = -3.4028234e38;
const FORGOTTEN = 0.0009765625;

const PENALIZED = 1u;
const BIASED = 2u;
const MASKED = 4u;

struct Row {
  token: u32,  // and flags
  lane: u32,
  count: u32,
  start: u32,
}

struct Cursor {
  token: u32,    // drawn last, unread
  done: u32,     // 1 if it was a stop token
  pending: u32,  // 1 if it is not in the counts yet
  drawn: u32,    // tokens drawn in this step
}

struct Parameters {
  temperature: f32,
  top_p: f32,
  min_p: f32,
  presence: f32,
  frequency: f32,
  decay: f32,
  top_k: u32,
  flags: u32,
  seed: vec2u,
  position: vec2u,
  zero: vec4u,  // 0, which the compiler does not know
}

@group(0) @binding(0) var<storage, read> rows: array<Row>;                // [R]
@group(0) @binding(1) var<storage, read> cursors: array<Cursor>;          // [B]
@group(0) @binding(2) var<storage, read> parameters: array<Parameters>;   // [B]
@group(0) @binding(3) var<storage, read> logits: array<f32>;              // [rows, WIDTH]
@group(0) @binding(4) var<storage, read_write> tallies: array<f32>;       // [2, B, V] counts, biases
@group(0) @binding(5) var<storage, read> sets: array<u32>;                // [B, 2, V / 32] allowed, stop tokens
@group(0) @binding(6) var<storage, read_write> adjusted: array<f32>;      // [rows, WIDTH]
@group(0) @binding(7) var<storage, read_write> peaks: array<vec4u>;       // [rows, V / 256] key, token, sum as f32

var<workgroup> best: array<vec2u, THREADS>;
var<workgroup> sums: array<f32, THREADS>;

fn rounded(x: f32, zero: u32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) | zero);
}

// u32 in the order of f32: negative floats order backwards, and -0 is 0.
fn key(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(~bits, bits | 0x80000000u, bits <= 0x80000000u);
}

// The f32 of a key.
fn value(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u));
}

// The likelier of two tokens, or the lower one.
fn better(a: vec2u, b: vec2u) -> vec2u {
  return select(a, b, b.x > a.x || (b.x == a.x && b.y < a.y));
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let m = group.y;
  let row = rows[m];
  if (row.lane == NONE || (row.token & DRAWS) == 0u) {
    return;
  }
  let p = parameters[row.lane];
  let cursor = cursors[row.lane];

  var mine = vec2u(0u, NONE);
  var own = vec4f(LOWEST);
  for (var n = 0u; n < GROUP / THREADS; n++) {
    let v = group.x * GROUP + n * THREADS + i;
    if (v >= V) {
      break;
    }
    var x = logits[m * WIDTH + v];
    if ((bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u) {
      x = LOWEST;  // NaN
    }
    if ((p.flags & PENALIZED) != 0u) {
      let at = row.lane * V + v;
      var c = tallies[at];
      if (cursor.pending != 0u) {
        if (p.decay != 1.0) {
          c = rounded(c * p.decay, p.zero.x);
          c = select(c, 0.0, c < FORGOTTEN);
        }
        c += select(0.0, 1.0, v == cursor.token);
        tallies[at] = c;
      }
      if (c > 0.0) {
        x -= rounded(p.presence + rounded(p.frequency * c, p.zero.x), p.zero.x);
      }
    }
    if ((p.flags & BIASED) != 0u) {
      x += tallies[(B + row.lane) * V + v];
    }
    if ((p.flags & MASKED) != 0u) {
      let word = sets[2u * row.lane * ((V + 31u) / 32u) + v / 32u];
      x = select(LOWEST, x, ((word >> (v % 32u)) & 1u) != 0u);
    }
    x = max(x, LOWEST);
    adjusted[m * WIDTH + v] = x;
    own[n] = x;
    mine = better(mine, vec2u(key(x), v));
  }

  best[i] = mine;
  workgroupBarrier();  // everyone's best is in place
  if (i < 8u) {
    for (var j = 1u; j < 8u; j++) {
      best[i * 8u] = better(best[i * 8u], best[i * 8u + j]);
    }
  }
  workgroupBarrier();  // the best of each eight is in place
  if (i == 0u) {
    for (var j = 8u; j < THREADS; j += 8u) {
      best[0] = better(best[0], best[j]);
    }
  }
  workgroupBarrier();  // the best of all is in place
  let peak = best[0];
  if (p.temperature > 0.0) {
    let weights = exp((own - value(peak.x)) / p.temperature);
    sums[i] = (weights.x + weights.y) + (weights.z + weights.w);
  }
  workgroupBarrier();  // everyone's sum is in place
  if (i < 8u && p.temperature > 0.0) {
    for (var j = 1u; j < 8u; j++) {
      sums[i * 8u] += sums[i * 8u + j];
    }
  }
  workgroupBarrier();  // the sums of each eight are in place
  if (i == 0u) {
    var sum = 0.0;
    for (var j = 0u; j < THREADS; j += 8u) {
      sum += sums[j];
    }
    peaks[m * ((V + GROUP - 1u) / GROUP) + group.x] = vec4u(peak, bitcast<u32>(sum), 0u);
  }
}
