// draw: one token a row from its adjusted logits, noted where the next step finds it.
//
//   z = (x - max x) / temperature, out below -32;  weight = exp(z)
//   top-k, then top-p: a threshold on x, and the last token that may lie at it
//   min-p: weight >= min_p;  the first kept token, by id, whose running sum exceeds u W
//
// Where nothing but the temperature counts, the sums of `adjust` choose one of V / 256 groups, and its
// 256 tokens, one an invocation, are all that is read. Otherwise the groups' largest logits and
// sums tell a floor below which no token can be kept; the tokens above it, from the groups that have
// any, are listed in order of id, neighbours read by neighbours. The list is short unless the
// distribution is flat.
//
// Nothing is sorted: a threshold is found digit by digit, sixteen bins at a time, each invocation
// summing its own stretch of the list in registers, so that every sum has one fixed order.
//
// bench/time_model.ts says what that is worth where loads take 0.6 us: at temperature 1 in 65,536
// tokens the groups cost 10 us, where a pass over all logits cost 300.
//
// It is one file because a kernel is one module and WGSL has no imports: what it shares with
// adjust, embed and deep (rows, cursors, unpacking) stands in each of them for the same reason.
//
// dispatch  one workgroup of 256 invocations a row
// source    src/text/sampler.ts, src/text/philox.ts
// oracle    test/oracle/sample.ts

override V: u32;      // vocabulary
override WIDTH: u32;  // logits of a row, padded
override MOST: u32;   // tokens a lane can draw in a step

const THREADS = 256u;
const NONE = 0xffffffffu;
const DRAWS = 0x40000000u;  // flag of a row: its lane draws after it
const LOWEST = -3.4028234e38;
const LEAST = -32.0;        // z of a candidate
const GROUPS = 8u;          // groups that are listed at once
const WORDS = GROUPS * THREADS / 32u;

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
@group(0) @binding(4) var<storage, read> peaks: array<vec4u>;              // [rows, V / 256] key, token, sum as f32
@group(0) @binding(5) var<storage, read> sets: array<u32>;                 // [B, 2, V / 32] allowed, stop tokens
@group(0) @binding(6) var<storage, read_write> candidates: array<vec2u>;   // [rows, WIDTH] token, key
@group(0) @binding(7) var<storage, read_write> drawn: array<u32>;          // [B, MOST]

var<workgroup> best: array<vec2u, THREADS>;
var<workgroup> parts: array<f32, THREADS>;
var<workgroup> blocks: array<f32, 16>;
var<workgroup> passing: array<u32, THREADS>;      // groups with a token above the floor
var<workgroup> flags: array<atomic<u32>, WORDS>;  // tokens above it, bits
var<workgroup> before: array<u32, WORDS>;         // how many there are before each word
var<workgroup> rest: f32;
var<workgroup> bins: array<vec4f, THREADS>;
var<workgroup> some: array<vec4f, 16>;
var<workgroup> found: atomic<u32>;  // the first stretch that reaches the goal
var<workgroup> last: atomic<u32>;   // the last stretch that keeps any
var<workgroup> cut: u32;

var<private> temperature: f32;

// What the first invocation has, for all of them.
fn workgroupUniform(i: u32, own: u32) -> u32 {
  if (i == 0u) {
    cut = own;
  }
  return workgroupUniformLoad(&cut);
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

// The sum of what the invocations before this one hold, and the sum of all: sixteen blocks of
// sixteen.
fn scan(i: u32, own: f32) -> vec2f {
  workgroupBarrier();  // everyone has read the parts before
  parts[i] = own;
  workgroupBarrier();  // the parts are in place
  var inside = 0.0;
  for (var j = i & 240u; j < i; j++) {
    inside += parts[j];
  }
  if ((i & 15u) == 15u) {
    blocks[i / 16u] = inside + own;
  }
  workgroupBarrier();  // the blocks' sums are in place
  var earlier = 0.0;
  var total = 0.0;
  for (var j = 0u; j < 16u; j++) {
    earlier = select(earlier, total, j == i / 16u);
    total += blocks[j];
  }
  return vec2f(earlier + inside, total);
}

// Whether this invocation is the first whose own reaches beyond the goal, or the last that holds
// any where none does.
fn reaches(i: u32, earlier: f32, own: f32, goal: f32) -> bool {
  if (i == 0u) {
    atomicStore(&found, NONE);
    atomicStore(&last, 0u);
    cut = 0u;
  }
  workgroupBarrier();  // nobody has found it yet
  if (own > 0.0) {
    atomicMax(&last, i);
    if (earlier + own > goal) {
      atomicMin(&found, i);
    }
  }
  workgroupBarrier();  // whoever reaches it, or holds any, has said so
  let reached = atomicLoad(&found);
  return i == select(reached, atomicLoad(&last), reached == NONE);
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

fn weight(key: u32) -> f32 {
  return exp((value(key) - value(best[0].x)) / temperature);
}

struct Stretch {
  start: u32,
  end: u32,
}

// Of the candidates inside `outer`, none of them below `floor`, the fewest likeliest ones whose
// measure (their number, or their weight) reaches `goal`.
fn narrow(i: u32, m: u32, mine: Stretch, outer: Cut, floor: u32, goal: f32, weighted: bool) -> Cut {
  var low = floor;
  var above = 0.0;
  // The highest digit in which the likeliest differs from the floor.
  let highest = (31u - countLeadingZeros((best[0].x - floor) | 1u)) & 28u;
  for (var digits = workgroupUniform(i, highest / 4u + 1u); digits > 0u; digits--) {
    let shift = 4u * digits - 4u;
    var sums = array<f32, 16>();  // naga zeroes a bare `var` once, not in each turn of the loop
    for (var n = mine.start; n < mine.end; n++) {
      let candidate = candidates[m * WIDTH + n];
      let k = candidate.y;
      if (k < low || (k - low) >> shift >= 16u || !kept(candidate.x, k, outer)) {
        continue;
      }
      var measure = 1.0;
      if (weighted) {
        measure = weight(k);
      }
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
  for (var n = mine.start; n < mine.end; n++) {
    let candidate = candidates[m * WIDTH + n];
    ties += select(0.0, 1.0, candidate.y == low && kept(candidate.x, low, outer));
  }
  var measure = 1.0;
  if (weighted) {
    measure = weight(low);
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
      let candidate = candidates[m * WIDTH + n];
      if (candidate.y == low && kept(candidate.x, low, outer)) {
        seen += 1.0;
        if (seen == needed) {
          cut = candidate.x;
        }
      }
    }
  }
  return Cut(low, workgroupUniformLoad(&cut));
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


// The weight of a group, in units of the likeliest token's.
fn group_weight(peak: vec4u, floor: u32) -> f32 {
  if (peak.x < floor) {
    return 0.0;
  }
  return bitcast<f32>(peak.z) * weight(peak.x);
}

// Lists the tokens from `floor` on in order of id, those of the groups `first` to `end`; returns their
// number.
fn list(i: u32, m: u32, floor: u32, first: u32, end: u32) -> u32 {
  let groups = (V + THREADS - 1u) / THREADS;
  var place = 0u;
  for (var base = first; base < end; base += THREADS) {
    // Those of the next 256 groups that have such a token.
    if (i < WORDS) {
      atomicStore(&flags[i], 0u);
    }
    workgroupBarrier();  // nothing is flagged
    let g = base + i;
    let passes = g < end && peaks[m * groups + min(g, end - 1u)].x >= floor;
    if (passes) {
      atomicOr(&flags[i / 32u], 1u << (i & 31u));
    }
    workgroupBarrier();  // the groups are
    var rank = 0u;
    var all = 0u;
    for (var w = 0u; w < THREADS / 32u; w++) {
      rank = select(rank, all, w == i / 32u);
      all += countOneBits(atomicLoad(&flags[w]));
    }
    if (passes) {
      rank += countOneBits(atomicLoad(&flags[i / 32u]) & ((1u << (i & 31u)) - 1u));
      passing[rank] = g;
    }
    let count = workgroupUniform(i, all);

    for (var at = 0u; at < count; at += GROUPS) {
      if (i < WORDS) {
        atomicStore(&flags[i], 0u);
      }
      var keys = array<u32, GROUPS>();
      // The bound is constant, so that compilers which unroll keep the keys in registers.
      for (var n = 0u; n < GROUPS; n++) {
        let v = passing[min(at + n, count - 1u)] * THREADS + i;
        if (at + n < count && v < V) {
          keys[n] = key(adjusted[m * WIDTH + v]);
        }
      }
      workgroupBarrier();  // nothing is flagged
      for (var n = 0u; n < GROUPS; n++) {
        if (keys[n] >= floor) {
          atomicOr(&flags[(n * THREADS + i) / 32u], 1u << (i & 31u));
        }
      }
      workgroupBarrier();  // the tokens are
      if (i < WORDS) {
        var sum = 0u;
        for (var w = 0u; w < i; w++) {
          sum += countOneBits(atomicLoad(&flags[w]));
        }
        before[i] = sum;
      }
      workgroupBarrier();  // every word's place is known
      for (var n = 0u; n < GROUPS; n++) {
        if (keys[n] >= floor) {
          let word = (n * THREADS + i) / 32u;
          let lower = atomicLoad(&flags[word]) & ((1u << (i & 31u)) - 1u);
          let v = passing[at + n] * THREADS + i;
          candidates[m * WIDTH + place + before[word] + countOneBits(lower)] = vec2u(v, keys[n]);
        }
      }
      place += before[WORDS - 1u] + countOneBits(atomicLoad(&flags[WORDS - 1u]));
      workgroupBarrier();  // everyone has read the flags
    }
  }
  storageBarrier();  // the list is in place
  return workgroupUniform(i, place);
}

// Draws by weight; `best[0]` is the likeliest token.
fn pick(i: u32, m: u32, p: Parameters, drawn_before: u32) -> u32 {
  let top = value(best[0].x);
  let groups = (V + THREADS - 1u) / THREADS;
  let top_k = select(p.top_k, 0u, p.top_k >= V);
  let min_p = min(p.min_p, 1.0);
  let plain = top_k == 0u && p.top_p >= 1.0 && min_p <= 0.0;

  let low = p.position.x + drawn_before;
  let position = vec2u(low, p.position.y + u32(low < p.position.x));
  let chance = uniform_at(position, p.seed);

  // Groups and tokens whose weight is nothing.
  var floor = workgroupUniform(i, key(fma(p.temperature, LEAST, top)));
  let stripe = (groups + THREADS - 1u) / THREADS;  // groups of an invocation
  var total = 0.0;
  var limit = Cut(0u, NONE);
  var mine = Stretch(0u, 0u);
  var n = 0u;

  // Four stages that each sum what is kept so far: list the tokens, keep the top k, keep top p,
  // choose one. They are turns of a loop so that each part of it is compiled once.
  for (var stage = 0u; stage < 4u; stage++) {
    var own = 0.0;
    if (stage == 0u) {
      for (var g = i * stripe; g < min(groups, (i + 1u) * stripe); g++) {
        own += group_weight(peaks[m * groups + g], floor);
      }
    } else if (stage > 1u) {
      own = weigh(m, mine, limit, select(0.0, min_p, stage == 3u));
    }
    let around = scan(i, own);

    // The first invocation whose own reaches the goal chooses one of its own: a group in the first
    // stage, a token in the last.
    var goal = chance * around.y;
    if (stage == 3u && plain) {
      goal = workgroupUniformLoad(&rest);
    }
    if (stage == 3u || (stage == 0u && plain)) {
      if (reaches(i, around.x, own, goal)) {
        var seen = around.x;
        let start = select(mine.start, i * stripe, stage == 0u);
        let end = select(mine.end, min(groups, (i + 1u) * stripe), stage == 0u);
        for (var c = start; c < end; c++) {
          var found_here = c;
          var more = 0.0;
          if (stage == 0u) {
            more = group_weight(peaks[m * groups + c], floor);
          } else {
            let candidate = candidates[m * WIDTH + c];
            found_here = candidate.x;
            more = weight(candidate.y);
            more = select(0.0, more, more >= min_p && kept(candidate.x, candidate.y, limit));
          }
          if (more > 0.0) {
            cut = found_here;
            rest = goal - seen;
            seen += more;
            if (seen > goal) {
              break;
            }
          }
        }
      }
    }

    if (stage == 0u) {
      total = around.y;
      var first = 0u;
      var end = groups;
      if (plain) {
        first = workgroupUniformLoad(&cut);
        end = first + 1u;
      } else {
        floor = raised(i, m, p, floor, top_k, total);
      }
      n = list(i, m, floor, first, end);
      let share = (n + THREADS - 1u) / THREADS;
      mine = Stretch(min(n, i * share), min(n, (i + 1u) * share));
    } else if ((stage == 1u && top_k > 0u && top_k < n) || (stage == 2u && p.top_p < 1.0)) {
      if (top_k > 0u) {
        total = around.y;
      }
      goal = select(max(p.top_p * total, 1.1754944e-38), f32(top_k), stage == 1u);
      limit = narrow(i, m, mine, limit, floor, goal, stage == 2u);
    }
  }
  return workgroupUniformLoad(&cut);
}

// A floor below which no token can be kept: by min-p, or because all tokens below it together weigh
// less than what top-p leaves out, or by the top k. A sum over the top k needs the whole of them.
fn raised(i: u32, m: u32, p: Parameters, floor: u32, top_k: u32, total: f32) -> u32 {
  let groups = (V + THREADS - 1u) / THREADS;
  var least = LEAST;
  if (p.min_p > 0.0 && (top_k == 0u || p.top_p >= 1.0)) {
    least = max(least, log(min(p.min_p, 1.0)) - 1e-3);
  }
  if (top_k == 0u && p.top_p < 1.0) {
    least = max(least, log((1.0 - p.top_p) * total / f32(V)) - 1e-3);
  }
  if (i == 0u) {
    cut = max(floor, key(fma(p.temperature, least, value(best[0].x))));
  }
  workgroupBarrier();  // the floor of weights is in place
  // The k-th largest of the groups' peaks is at most the k-th largest logit.
  if (top_k > 0u && top_k <= groups) {
    for (var g = i; g < groups; g += THREADS) {
      let own = peaks[m * groups + g].x;
      var rank = 0u;
      for (var o = 0u; o < groups; o++) {
        let other = peaks[m * groups + o].x;
        rank += u32(other > own || (other == own && o < g));
      }
      if (rank == top_k - 1u) {
        cut = max(cut, own);
      }
    }
  }
  return workgroupUniformLoad(&cut);
}

// The weight of what is kept in a stretch.
fn weigh(m: u32, mine: Stretch, limit: Cut, lightest: f32) -> f32 {
  var sum = 0.0;
  for (var n = mine.start; n < mine.end; n++) {
    let candidate = candidates[m * WIDTH + n];
    let own = weight(candidate.y);
    if (own >= lightest && kept(candidate.x, candidate.y, limit)) {
      sum += own;
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
    let peak = peaks[m * groups + g].xy;
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
