// embed: x[m] <- LN(E[token[m]]), and find out which token a row reads.
//
//   x = (e - mean(e)) / sqrt(var(e) + 1e-5) * w + b,  e = E[token]
//
// A row flagged UNREAD goes on from what its lane drew last, so that many steps fit into
// one submit; if that draw ended the lane's part, the row's lane becomes NONE here and every later
// kernel leaves its state alone. A table larger than a binding may be comes in parts: each part
// is a dispatch that fills the rows whose token it holds.
//
// dispatch  one workgroup a row
// source    BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7_numpy.py, emb and ln0
// oracle    test/oracle/embed.ts

override D: u32;       // width
override FORMAT: u32;  // of the table: 0 f32, 1 f16, 2 bf16, 3 int8, 4 int4
override FROM: u32;    // first token of this part
override TO: u32;      // the token after its last
override THREADS: u32;  // invocations: one for each four channels, up to 256

const NONE = 0xffffffffu;
const UNREAD = 0x80000000u;  // flag of a row: read what the lane drew last instead
const TOKEN = 0x3fffffffu;   // the rest of a row's token, without flags

struct Row {
  token: u32,  // and flags
  lane: u32,
  count: u32,  // rows of the segment that begins here; 0 inside a segment
  start: u32,  // first row of the segment numbered as this row
}

struct Cursor {
  token: u32,    // drawn last, unread
  done: u32,     // 1 if it was a stop token
  pending: u32,  // 1 if it is not in the counts yet
  drawn: u32,    // tokens drawn in this step
}

@group(0) @binding(0) var<storage, read_write> rows: array<Row>;    // [R]
@group(0) @binding(1) var<storage, read> cursors: array<Cursor>;    // [B]
@group(0) @binding(2) var<storage, read> table: array<u32>;         // [TO - FROM, D], packed
@group(0) @binding(3) var<storage, read> scales: array<u32>;        // [TO - FROM, D / 32], two f16 each
@group(0) @binding(4) var<storage, read> norm: array<vec4f>;        // [2, D] weight, bias
@group(0) @binding(5) var<storage, read_write> x: array<vec4f>;     // [R, D]

var<workgroup> found: u32;
var<workgroup> sums: array<f32, THREADS>;
var<workgroup> some: array<f32, 16>;

// Four columns from column 4 c of a row of this part.
fn columns(row: u32, c: u32) -> vec4f {
  let i = row * (D / 4u) + c;
  if (FORMAT == 0u) {
    return bitcast<vec4f>(vec4u(table[4u * i], table[4u * i + 1u], table[4u * i + 2u], table[4u * i + 3u]));
  }
  if (FORMAT == 1u) {
    return vec4f(unpack2x16float(table[2u * i]), unpack2x16float(table[2u * i + 1u]));
  }
  if (FORMAT == 2u) {
    let low = table[2u * i];
    let high = table[2u * i + 1u];
    return bitcast<vec4f>(vec4u(low << 16u, low & 0xffff0000u, high << 16u, high & 0xffff0000u));
  }
  let pair = unpack2x16float(scales[i / 16u]);
  let scale = select(pair.x, pair.y, (i & 8u) != 0u);
  if (FORMAT == 3u) {
    return vec4f(unpack4xI8(table[i])) * scale;
  }
  let nibbles = (table[i / 2u] >> (4u * (i & 1u))) & 0x0f0f0f0fu;
  return (vec4f(unpack4xU8(nibbles)) - 8.0) * scale;
}

// The sum over all invocations: sixteen sums, then their sum, three barriers in all.
fn total(i: u32, own: f32) -> f32 {
  workgroupBarrier();  // everyone has read the sums before
  sums[i] = own;
  workgroupBarrier();  // every part is in place
  if (i < 16u) {
    var sum = 0.0;
    for (var j = i; j < THREADS; j += 16u) {
      sum += sums[j];
    }
    some[i] = sum;
  }
  workgroupBarrier();  // sixteen sums are in place
  var sum = 0.0;
  for (var j = 0u; j < 16u; j++) {
    sum += some[j];
  }
  return sum;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let m = group.x;
  if (i == 0u) {
    let row = rows[m];
    found = row.token & TOKEN;
    if (row.lane == NONE) {
      found = NONE;
    } else if ((row.token & UNREAD) != 0u) {
      found = cursors[row.lane].token;
      if (cursors[row.lane].done != 0u) {
        rows[m].lane = NONE;
        found = NONE;
      }
    }
  }
  let token = workgroupUniformLoad(&found);

  if (token == NONE) {
    for (var c = i; c < D / 4u; c += THREADS) {
      x[m * (D / 4u) + c] = vec4f();
    }
    return;
  }
  if (token < FROM || token >= TO) {
    return;
  }

  var sum = 0.0;
  for (var c = i; c < D / 4u; c += THREADS) {
    let e = columns(token - FROM, c);
    sum += (e.x + e.y) + (e.z + e.w);
  }
  let mean = total(i, sum) / f32(D);

  var squares = 0.0;
  for (var c = i; c < D / 4u; c += THREADS) {
    let e = columns(token - FROM, c) - mean;
    squares += dot(e, e);
  }
  let scale = inverseSqrt(total(i, squares) / f32(D) + 1e-5);

  for (var c = i; c < D / 4u; c += THREADS) {
    let e = columns(token - FROM, c) - mean;
    x[m * (D / 4u) + c] = fma(e * scale, norm[c], norm[D / 4u + c]);
  }
}
