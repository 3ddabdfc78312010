// normalize: the layer norm in front of the head.
//
//   out[m] = (x[m] - mean(x[m])) / sqrt(var(x[m]) + 1e-5) * w + b
//
// A pass of one row goes by way of mix_product.wgsl instead, with the same sums.
//
// dispatch  one workgroup a row
// source    BlinkDL/RWKV-LM, RWKV-v7/rwkv_v7_numpy.py, layer_norm
// oracle    test/oracle/normalize.ts

override D: u32;  // width
override THREADS: u32;  // invocations: one for each four channels, up to 256

@group(0) @binding(0) var<storage, read> x: array<vec4f>;           // [R, D]
@group(0) @binding(1) var<storage, read> norm: array<vec4f>;        // [2, D] weight, bias
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;   // [R, D]

var<workgroup> sums: array<f32, THREADS>;
var<workgroup> some: array<f32, 16>;

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
    squares = fma(e.w, e.w, fma(e.z, e.z, fma(e.y, e.y, fma(e.x, e.x, squares))));
  }
  let scale = inverseSqrt(total(i, squares) / f32(D) + 1e-5);

  for (var c = i; c < D / 4u; c += THREADS) {
    out[row + c] = fma((x[row + c] - mean) * scale, norm[c], norm[D / 4u + c]);
  }
}
