// normalize: the layer norm in front of the head.
//
//   out[m] = (x[m] - mean(x[m])) / sqrt(var(x[m]) + 1e-5) * w + b
//
// dispatch  one workgroup a row
// source    BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7_numpy.py, layer_norm
// oracle    test/oracle/normalize.ts

override D: u32;  // width

const THREADS = 256u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;           // [R, D]
@group(0) @binding(1) var<storage, read> norm: array<vec4f>;        // [2, D] weight, bias
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;   // [R, D]

var<workgroup> sums: array<f32, THREADS>;

fn total(i: u32, own: f32) -> f32 {
  workgroupBarrier();  // everyone has read the total before
  sums[i] = own;
  for (var span = THREADS / 2u; span > 0u; span >>= 1u) {
    workgroupBarrier();  // the sums of the wider span are in place
    if (i < span) {
      sums[i] += sums[i + span];
    }
  }
  workgroupBarrier();  // the total is in place
  return sums[0];
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) i: u32,
) {
  let row = group.x * (D / 4u);

  var sum = 0.0;
  for (var c = i; c < D / 4u; c += THREADS) {
    let e = x[row + c];
    sum += (e.x + e.y) + (e.z + e.w);
  }
  let mean = total(i, sum) / f32(D);

  var squares = 0.0;
  for (var c = i; c < D / 4u; c += THREADS) {
    let e = x[row + c] - mean;
    squares += dot(e, e);
  }
  let scale = inverseSqrt(total(i, squares) / f32(D) + 1e-5);

  for (var c = i; c < D / 4u; c += THREADS) {
    out[row + c] = fma((x[row + c] - mean) * scale, norm[c], norm[D / 4u + c]);
  }
}
