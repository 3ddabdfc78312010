// mix: layer norm, token shift, and P lerps of each row with the row before it.
//
//   u[t] = LN(x[t]);  out[p, t] = u[t] + (u[t - 1] - u[t]) * lerp[p]
//
// u[-1] is in the lane's state, which takes the u of the segment's last row. A workgroup
// normalises two rows: its own and the one before, or, where it begins a segment, the segment's
// last. So the state is read and written by one workgroup, and no row waits for another. A pass of
// one row needs none of this: mix_product.wgsl mixes on its way, with the same sums.
//
// dispatch  one workgroup a row
// source    BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7_numpy.py, time_mixing and channel_mixing
// oracle    test/oracle/mix.ts

override D: u32;       // width
override P: u32;       // lerps
override R: u32;       // rows there is room for
override STRIDE: u32;  // values of a lane's state in this layer
override SHIFT: u32;   // where u[-1] lies in them
override THREADS: u32;  // invocations: one for each four channels, up to 256

const NONE = 0xffffffffu;

struct Row {
  token: u32,
  lane: u32,
  count: u32,  // rows of the segment that begins here; 0 inside a segment
  start: u32,  // first row of the segment numbered as this row
}

@group(0) @binding(0) var<storage, read> rows: array<Row>;           // [R]
@group(0) @binding(1) var<storage, read> x: array<vec4f>;            // [R, D]
@group(0) @binding(2) var<storage, read> vectors: array<vec4f>;      // [2 + P, D] norm weight, norm bias, lerps
@group(0) @binding(3) var<storage, read_write> state: array<vec4f>;  // [B, STRIDE]
@group(0) @binding(4) var<storage, read_write> mixed: array<vec4f>;  // [P, R, D]

var<workgroup> sums: array<vec2f, THREADS>;
var<workgroup> some: array<vec2f, 16>;

// The sum over all invocations: sixteen sums, then their sum, three barriers in all.
fn total(i: u32, own: vec2f) -> vec2f {
  workgroupBarrier();  // everyone has read the sums before
  sums[i] = own;
  workgroupBarrier();  // every part is in place
  if (i < 16u) {
    var sum = vec2f();
    for (var j = i; j < THREADS; j += 16u) {
      sum += sums[j];
    }
    some[i] = sum;
  }
  workgroupBarrier();  // sixteen sums are in place
  var sum = vec2f();
  for (var j = 0u; j < 16u; j++) {
    sum += some[j];
  }
  return sum;
}

// Fused by hand, so that no compiler does it in one kernel and not in another.
fn add_squares(e: vec4f, sum: f32) -> f32 {
  return fma(e.w, e.w, fma(e.z, e.z, fma(e.y, e.y, fma(e.x, e.x, sum))));
}

fn normalize(e: vec4f, mean: f32, scale: f32, c: u32) -> vec4f {
  return fma((e - mean) * scale, vectors[c], vectors[D / 4u + c]);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let m = group.x;
  let row = rows[m];
  if (row.lane == NONE) {
    return;
  }
  let begins = row.count != 0u;
  let own = m * (D / 4u);
  let other = select(m - 1u, m + row.count - 1u, begins) * (D / 4u);

  var sum = vec2f();
  for (var c = i; c < D / 4u; c += THREADS) {
    let a = x[own + c];
    let b = x[other + c];
    sum += vec2f((a.x + a.y) + (a.z + a.w), (b.x + b.y) + (b.z + b.w));
  }
  let mean = total(i, sum) / f32(D);

  var squares = vec2f();
  for (var c = i; c < D / 4u; c += THREADS) {
    let a = x[own + c] - mean.x;
    let b = x[other + c] - mean.y;
    squares = vec2f(add_squares(a, squares.x), add_squares(b, squares.y));
  }
  let scale = inverseSqrt(total(i, squares) / f32(D) + 1e-5);

  for (var c = i; c < D / 4u; c += THREADS) {
    let u = normalize(x[own + c], mean.x, scale.x, c);
    var before = normalize(x[other + c], mean.y, scale.y, c);
    if (begins) {
      let at = (row.lane * STRIDE + SHIFT) / 4u + c;
      let last = before;
      before = state[at];
      state[at] = last;
    }
    for (var p = 0u; p < P; p++) {
      mixed[(p * R + m) * (D / 4u) + c] = fma(before - u, vectors[(2u + p) * (D / 4u) + c], u);
    }
  }
}
