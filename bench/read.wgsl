// Reads memory and does next to nothing with it: what bench/bandwidth.ts measures.
//
// Idea: a workgroup reads 64 KiB that lie together, its invocations side by side,
// 16 bytes each, as the product kernels read their blocks. A sum a invocation is
// written, so that no compiler leaves the loads out.
//
// Dispatch: one workgroup for each 64 KiB, in two dimensions.

@group(0) @binding(0) var<storage, read> input: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;

@compute @workgroup_size(64)
fn stream(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  let first = number * 4096u + lane;
  var a = vec4u();
  var b = vec4u();
  var c = vec4u();
  var d = vec4u();
  for (var i = 0u; i < 4096u; i += 256u) {
    a += input[first + i];
    b += input[first + i + 64u];
    c += input[first + i + 128u];
    d += input[first + i + 192u];
  }
  let sum = a + b + c + d;
  sums[number * 64u + lane] = sum.x + sum.y + sum.z + sum.w;
}
