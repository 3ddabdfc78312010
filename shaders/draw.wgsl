// draw: one token a row from its adjusted logits, noted where the next step finds it.
//
//   z = (x - max x) / temperature, out below -32;  weight = exp(z)
//   top-k, then top-p: a threshold on x, and the last token that may lie at it
//   min-p: weight >= min_p;  the first kept token, by id, whose running sum exceeds u W
//
// Nothing is sorted. Candidates are listed once, in order of id; a threshold is found digit by
// digit, sixteen bins at a time, each invocation summing its own stretch of the list in registers,
// so that every sum has one fixed order and no atomics are needed.
//
// It is one file because a kernel is one module and WGSL has no imports: what it shares with
// adjust, embed and deep (rows, cursors, unpacking) stands in each of them for the same reason.
//
// dispatch  one workgroup of 256 invocations a row
// source    src/text/sampler.ts, src/text/philox.ts
// oracle    test/oracle/sample.ts

override V: u32;      // vocabulary
override B: u32;      // rows of logits there is room for
override WIDTH: u32;  // logits of a row, padded
override MOST: u32;   // tokens a lane can draw in a step

const THREADS = 256u;
const NONE = 0xffffffffu;
const DRAWS = 0x40000000u;  // flag of a row: its lane draws after it
const LOWEST = -3.4028234e38;
const LEAST = -32.0;        // z of a candidate

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
  zero: vec4u,
}

@group(0) @binding(0) var<storage, read> rows: array<Row>;                 // [R]
@group(0) @binding(1) var<storage, read_write> cursors: array<Cursor>;     // [B]
@group(0) @binding(2) var<storage, read> parameters: array<Parameters>;    // [B]
@group(0) @binding(3) var<storage, read> adjusted: array<f32>;             // [rows, WIDTH]
@group(0) @binding(4) var<storage, read> peaks: array<vec2u>;              // [rows, V / 256] key, token
@group(0) @binding(5) var<storage, read> sets: array<u32>;                 // [B, 2, V / 32] allowed, stop tokens
@group(0) @binding(6) var<storage, read_write> candidates: array<u32>;     // [2, rows, WIDTH] tokens, weights
@group(0) @binding(7) var<storage, read_write> drawn: array<u32>;          // [B, MOST]

var<workgroup> best: array<vec2u, THREADS>;
var<workgroup> parts: array<f32, THREADS>;
var<workgroup> bins: array<vec4f, THREADS>;
var<workgroup> some: array<vec4f, 16>;
var<workgroup> found: atomic<u32>;  // the first stretch that reaches the goal
var<workgroup> last: atomic<u32>;   // the last stretch that keeps any
var<workgroup> cut: u32;

// u32 in the order of f32: negative floats order backwards, and -0 is 0.
fn key(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(~bits, bits | 0x80000000u, bits <= 0x80000000u);
}

// The sum of what the invocations before this one hold, and the sum of all.
fn scan(i: u32, own: f32) -> vec2f {
  workgroupBarrier();  // everyone has read the parts before
  parts[i] = own;
  workgroupBarrier();  // the parts are in place
  var before = 0.0;
  var total = 0.0;
  for (var j = 0u; j < THREADS; j++) {
    before = select(before, total, j == i);
    total += parts[j];
  }
  return vec2f(before, total);
}

// Sums of four bins over all invocations.
fn across(i: u32, own: vec4f) -> vec4f {
  workgroupBarrier();  // everyone has read the bins before
  bins[i] = own;
  workgroupBarrier();  // the bins are in place
  if (i < 16u) {
    var sum = vec4f();
    for (var j = 0u; j < 16u; j++) {
      sum += bins[i * 16u + j];
    }
    some[i] = sum;
  }
  workgroupBarrier();  // sixteen sums of sixteen are in place
  var sum = vec4f();
  for (var j = 0u; j < 16u; j++) {
    sum += some[j];
  }
  return sum;
}

// A threshold: keys above it are kept, and those at it up to a token.
struct Cut {
  key: u32,
  token: u32,
}

fn kept(token: u32, key: u32, cut: Cut) -> bool {
  return key > cut.key || (key == cut.key && token <= cut.token);
}

fn weight_at(m: u32, n: u32) -> f32 {
  return bitcast<f32>(candidates[(B + m) * WIDTH + n]);
}

struct Stretch {
  start: u32,
  end: u32,
}

// Of the candidates inside `outer` that weigh at least `floor`, the fewest likeliest ones whose
// measure (their number, or their weight) reaches `target`.
fn narrow(i: u32, m: u32, mine: Stretch, outer: Cut, floor: f32, goal: f32, weighted: bool) -> Cut {
  var low = 0u;
  var above = 0.0;
  for (var shift = 28u; shift < 32u; shift -= 4u) {
    var sums = array<f32, 16>();  // naga zeroes a bare `var` once, not in each turn of the loop
    for (var n = mine.start; n < mine.end; n++) {
      let weight = weight_at(m, n);
      if (weight < floor) {
        continue;
      }
      let token = candidates[m * WIDTH + n];
      let k = key(adjusted[m * WIDTH + token]);
      if (k < low || (k - low) >> shift >= 16u || !kept(token, k, outer)) {
        continue;
      }
      let measure = select(1.0, weight, weighted);
      let digit = (k - low) >> shift;
      for (var d = 0u; d < 16u; d++) {
        sums[d] += select(0.0, measure, d == digit);
      }
    }
    var totals: array<f32, 16>;
    for (var b = 0u; b < 4u; b++) {
      let four = across(i, vec4f(sums[4u * b], sums[4u * b + 1u], sums[4u * b + 2u], sums[4u * b + 3u]));
      totals[4u * b] = four.x;
      totals[4u * b + 1u] = four.y;
      totals[4u * b + 2u] = four.z;
      totals[4u * b + 3u] = four.w;
    }
    var digit = 0u;
    var inside = 0.0;  // measure at `digit`, 0 until one is found
    for (var d = 16u; d > 0u; d--) {
      let sum = totals[d - 1u];
      if (sum > 0.0 && (inside == 0.0 || above + inside < goal)) {
        above += inside;
        inside = sum;
        digit = d - 1u;
      }
    }
    low += digit << shift;
  }

  // How many of the candidates at the threshold it takes, and which is the last of them.
  var ties = 0.0;
  var measure = 1.0;
  for (var n = mine.start; n < mine.end; n++) {
    let token = candidates[m * WIDTH + n];
    let k = key(adjusted[m * WIDTH + token]);
    if (k == low && kept(token, k, outer)) {
      ties += 1.0;
    }
  }
  if (weighted) {
    measure = exp((value(low) - value(best[0].x)) / temperature);
  }
  let needed = max(1.0, ceil((goal - above) / measure));
  let around = scan(i, ties);
  if (i == 0u) {
    cut = NONE;
  }
  workgroupBarrier();  // the cut is open
  if (around.x < needed && around.x + ties >= needed) {
    var seen = around.x;
    for (var n = mine.start; n < mine.end; n++) {
      let token = candidates[m * WIDTH + n];
      let k = key(adjusted[m * WIDTH + token]);
      if (k == low && kept(token, k, outer)) {
        seen += 1.0;
        if (seen == needed) {
          cut = token;
        }
      }
    }
  }
  return Cut(low, workgroupUniformLoad(&cut));
}

// The f32 of a key.
fn value(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u));
}

// The upper word of a product of two u32.
fn high(a: u32, b: u32) -> u32 {
  let a1 = a >> 16u;
  let a0 = a & 0xffffu;
  let b1 = b >> 16u;
  let b0 = b & 0xffffu;
  let middle = a1 * b0 + ((a0 * b0) >> 16u);
  let lower = a0 * b1 + (middle & 0xffffu);
  return a1 * b1 + (middle >> 16u) + (lower >> 16u);
}

// Philox 4x32-10 (Salmon et al. 2011): a number in [0, 1) for a position and a seed.
fn uniform_at(position: vec2u, seed: vec2u) -> f32 {
  var c = vec4u(position, 0u, 0u);
  var k = seed;
  for (var round = 0u; round < 10u; round++) {
    let h0 = high(0xd2511f53u, c.x);
    let h1 = high(0xcd9e8d57u, c.z);
    c = vec4u(h1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, h0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return f32(c.x >> 8u) / 16777216.0;
}

var<private> temperature: f32;

// Draws by weight; `best[0]` is the likeliest token.
fn pick(i: u32, m: u32, p: Parameters, drawn_before: u32) -> u32 {
  let top = value(best[0].x);
  let groups = (V + THREADS - 1u) / THREADS;

  // The k-th largest of the groups' peaks is at most the k-th largest logit.
  var least = LEAST;
  if (p.top_p >= 1.0 && p.min_p > 0.0) {
    least = max(LEAST, log(p.min_p) - 1e-3);
  }
  var floor = key(fma(p.temperature, least, top));
  if (i == 0u) {
    cut = 0u;
  }
  workgroupBarrier();  // the cut is open
  if (p.top_k > 0u && p.top_k <= groups) {
    for (var g = i; g < groups; g += THREADS) {
      let own = peaks[m * groups + g].x;
      var rank = 0u;
      for (var o = 0u; o < groups; o++) {
        let other = peaks[m * groups + o].x;
        rank += u32(other > own || (other == own && o < g));
      }
      if (rank == p.top_k - 1u) {
        cut = own;
      }
    }
  }
  floor = max(floor, workgroupUniformLoad(&cut));

  let stripe = (V + THREADS - 1u) / THREADS;
  let end = min(V, (i + 1u) * stripe);
  var count = 0.0;
  for (var v = i * stripe; v < end; v++) {
    count += select(0.0, 1.0, key(adjusted[m * WIDTH + v]) >= floor);
  }
  let places = scan(i, count);
  var place = u32(places.x);
  for (var v = i * stripe; v < end; v++) {
    let x = adjusted[m * WIDTH + v];
    if (key(x) >= floor) {
      candidates[m * WIDTH + place] = v;
      candidates[(B + m) * WIDTH + place] = bitcast<u32>(exp((x - top) / p.temperature));
      place++;
    }
  }
  if (i == 0u) {
    cut = u32(places.y);
  }
  storageBarrier();  // the list is in place
  let n = workgroupUniformLoad(&cut);
  let share = (n + THREADS - 1u) / THREADS;
  let mine = Stretch(min(n, i * share), min(n, (i + 1u) * share));

  var limit = Cut(0u, NONE);
  for (var stage = 0u; stage < 2u; stage++) {
    let weighted = stage == 1u;
    var goal = f32(p.top_k);
    var light = 0.0;
    if (weighted && p.top_p < 1.0) {
      let total = scan(i, weigh(m, mine, limit, 0.0)).y;
      goal = max(p.top_p * total, 1.1754944e-38);
      // All tokens below this together weigh less than what top-p leaves out.
      light = (1.0 - p.top_p) * total / f32(n);
    }
    if (select(p.top_k > 0u && p.top_k < n, p.top_p < 1.0, weighted)) {
      limit = narrow(i, m, mine, limit, light, goal, weighted);
    }
  }
  let lightest = min(p.min_p, 1.0);
  let own = weigh(m, mine, limit, lightest);
  let sums = scan(i, own);

  let low = p.position.x + drawn_before;
  let position = vec2u(low, p.position.y + u32(low < p.position.x));
  let goal = uniform_at(position, p.seed) * sums.y;

  // The first invocation whose stretch reaches the goal, or the last that keeps any.
  if (i == 0u) {
    atomicStore(&found, NONE);
    atomicStore(&last, 0u);
    cut = 0u;
  }
  workgroupBarrier();  // nobody has found it yet
  if (own > 0.0) {
    atomicMax(&last, i);
    if (sums.x + own > goal) {
      atomicMin(&found, i);
    }
  }
  workgroupBarrier();  // whoever reaches it, or keeps any, has said so
  let reached = atomicLoad(&found);
  if (i == select(reached, atomicLoad(&last), reached == NONE)) {
    var seen = sums.x;
    for (var c = mine.start; c < mine.end; c++) {
      let token = candidates[m * WIDTH + c];
      let weight = weight_at(m, c);
      if (seen > goal || weight < lightest) {
        continue;
      }
      if (kept(token, key(adjusted[m * WIDTH + token]), limit)) {
        seen += weight;
        cut = token;
      }
    }
  }
  return workgroupUniformLoad(&cut);
}

// The weight of what is kept in a stretch.
fn weigh(m: u32, mine: Stretch, limit: Cut, lightest: f32) -> f32 {
  var sum = 0.0;
  for (var n = mine.start; n < mine.end; n++) {
    let token = candidates[m * WIDTH + n];
    let weight = weight_at(m, n);
    if (weight >= lightest && kept(token, key(adjusted[m * WIDTH + token]), limit)) {
      sum += weight;
    }
  }
  return sum;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let m = group.x;
  let row = rows[m];
  if (row.lane == NONE || (row.token & DRAWS) == 0u) {
    return;
  }
  let p = parameters[row.lane];
  temperature = p.temperature;
  let groups = (V + THREADS - 1u) / THREADS;

  var mine = vec2u(0u, NONE);
  for (var g = i; g < groups; g += THREADS) {
    let peak = peaks[m * groups + g];
    if (peak.x > mine.x) {
      mine = peak;
    }
  }
  best[i] = mine;
  for (var span = THREADS / 2u; span > 0u; span >>= 1u) {
    workgroupBarrier();  // the better of the wider span are in place
    if (i < span) {
      let other = best[i + span];
      if (other.x > best[i].x || (other.x == best[i].x && other.y < best[i].y)) {
        best[i] = other;
      }
    }
  }
  if (i == 0u) {
    cut = cursors[row.lane].drawn;
  }
  let drawn_before = workgroupUniformLoad(&cut);
  let peak = workgroupUniformLoad(&best[0]);

  var token = peak.y;
  let finite = peak.x > key(LOWEST) && peak.x < key(bitcast<f32>(0x7f7fffffu)) + 1u;
  if (!finite) {
    token = NONE;
  } else if (p.temperature > 0.0) {
    token = pick(i, m, p, drawn_before);
  }

  if (i == 0u) {
    var stops = 1u;
    if (token != NONE) {
      let word = sets[(2u * row.lane + 1u) * ((V + 31u) / 32u) + token / 32u];
      stops = (word >> (token % 32u)) & 1u;
    }
    cursors[row.lane] = Cursor(token, stops, 1u, drawn_before + 1u);
    if (drawn_before < MOST) {
      drawn[row.lane * MOST + drawn_before] = token;
    }
  }
}
