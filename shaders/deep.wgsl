// deep: DeepEmbed, by which a token multiplies the hidden layer of channel mixing.
//
//   h = relu(k)^2 (s0 + s2 (E' low)),  E[r, r] = table[token] + turned
//
// k is the key's product and low = s1 u, side by side in a row of `wide`; turned = s_emb_x x0 was
// made for all layers before the first. A workgroup makes E' low of its row, which costs less than
// to read it from another dispatch, then each invocation gates one channel. s2 lies [r, F], so that
// neighbours read neighbouring words. A table larger than a binding may be comes in parts: each part
// is a dispatch that fills the rows whose token it holds.
//
// dispatch  (F / 256) x rows workgroups
// source    BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7a_demo.py, RWKV_x070_CMix_one
// oracle    test/oracle/deep.ts

override FORMAT: u32;   // of the table: 0 f32, 1 f16, 2 bf16, 3 int8, 4 int4
override UP: u32;       // format of s2: 0 f32, 1 f16, 2 bf16
override FROM: u32;     // first token of this part
override TO: u32;       // the token after its last
override F: u32;        // channels
override WIDTH: u32;    // values of a row of wide
override LOW: u32;      // where low lies in it
override RANK: u32;     // r, a multiple of 8 up to 64
override TURNED: u32;   // values of a row of turned
override LAYER: u32;    // where this layer's lie in it

const NONE = 0xffffffffu;
const UNREAD = 0x80000000u;  // flag of a row: read what the lane drew last instead
const TOKEN = 0x3fffffffu;   // the rest of a row's token, without flags
const THREADS = 256u;

struct Row {
  token: u32,  // and flags
  lane: u32,
  count: u32,
  start: u32,
}

struct Cursor {
  token: u32,  // drawn last, unread
  done: u32,
  pending: u32,
  drawn: u32,
}

@group(0) @binding(0) var<storage, read> rows: array<Row>;            // [R]
@group(0) @binding(1) var<storage, read> cursors: array<Cursor>;      // [B]
@group(0) @binding(2) var<storage, read> table: array<u32>;           // [TO - FROM, r r], packed
@group(0) @binding(3) var<storage, read> scales: array<u32>;          // [TO - FROM, r r / 64], two f16 each
@group(0) @binding(4) var<storage, read> turned: array<vec4f>;        // [R, TURNED]
@group(0) @binding(5) var<storage, read> wide: array<f32>;            // [R, WIDTH] k, then low
@group(0) @binding(6) var<storage, read> up: array<u32>;              // [r + 1, F] s2, then s0 as f32; two ranks a word if narrow
@group(0) @binding(7) var<storage, read_write> hidden: array<f32>;    // [R, F]

var<workgroup> parts: array<vec4f, THREADS>;
var<workgroup> sums: array<vec4f, 16>;

// Four values from value 4 c of a row of this part.
fn values(row: u32, c: u32) -> vec4f {
  let i = row * (RANK * RANK / 4u) + c;
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

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let m = group.y;
  let row = rows[m];
  var token = row.token & TOKEN;
  if (row.lane != NONE && (row.token & UNREAD) != 0u) {
    token = cursors[row.lane].token;
  }
  if (row.lane == NONE || token < FROM || token >= TO) {
    return;
  }

  // Invocation (part, quad) adds up every PARTS-th row of E, four columns of it.
  let quads = RANK / 4u;
  let at_once = THREADS / quads;
  let quad = i % quads;
  var sum = vec4f();
  if (i < at_once * quads) {
    for (var e = i / quads; e < RANK; e += at_once) {
      let c = e * quads + quad;
      let E = values(token - FROM, c) + turned[(m * TURNED + LAYER) / 4u + c];
      sum = fma(vec4f(wide[m * WIDTH + LOW + e]), E, sum);
    }
  }
  parts[i] = sum;
  workgroupBarrier();  // every part is in place
  if (i < quads) {
    var whole = vec4f();
    for (var p = 0u; p < at_once; p++) {
      whole += parts[p * quads + i];
    }
    sums[i] = whole;
  }
  workgroupBarrier();  // E' low is in place

  let f = group.x * THREADS + i;
  if (f >= F) {
    return;
  }
  let words = select(2u, 1u, UP == 0u);  // ranks a word
  var gate = bitcast<f32>(up[RANK / words * F + f]);
  for (var q = 0u; q < quads; q++) {
    let s = sums[q];
    if (UP == 0u) {
      let n = 4u * q;
      let w = bitcast<vec4f>(vec4u(up[n * F + f], up[(n + 1u) * F + f], up[(n + 2u) * F + f], up[(n + 3u) * F + f]));
      gate = fma(w.w, s.w, fma(w.z, s.z, fma(w.y, s.y, fma(w.x, s.x, gate))));
    } else {
      let a = up[2u * q * F + f];
      let b = up[(2u * q + 1u) * F + f];
      var w = bitcast<vec4f>(vec4u(a << 16u, a & 0xffff0000u, b << 16u, b & 0xffff0000u));
      if (UP == 1u) {
        w = vec4f(unpack2x16float(a), unpack2x16float(b));
      }
      gate = fma(w.w, s.w, fma(w.z, s.z, fma(w.y, s.y, fma(w.x, s.x, gate))));
    }
  }
  let k = max(wide[m * WIDTH + f], 0.0);
  hidden[m * F + f] = k * k * gate;
}
