import { assert, assertEquals } from "@std/assert";
import {
  componentWrites,
  type ShaderFault,
  subnormalLiterals,
} from "../../tools/shaders.ts";

const root = new URL("../../", import.meta.url);

/** Every WGSL file, by its path. */
function shaders(): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of ["shaders/", "lab/curse/shaders/", "bench/"]) {
    for (const { name } of Deno.readDirSync(new URL(folder, root))) {
      if (!name.endsWith(".wgsl")) continue;
      const path = folder + name;
      files.set(path, Deno.readTextFileSync(new URL(path, root)));
    }
  }
  return files;
}

function lines(faults: readonly ShaderFault[]): number[] {
  return faults.map(({ line }) => line);
}

for (
  const [rule, check] of [
    ["writes one component of a shared vector", componentWrites],
    ["has a literal that is zero on some devices", subnormalLiterals],
  ] as const
) {
  Deno.test(`no shader ${rule}`, () => {
    const files = shaders();
    assert(files.size > 15, `only ${files.size} shaders were found`);
    for (const [path, source] of files) assertEquals(check(source), [], path);
  });
}

Deno.test("componentWrites() finds every way to write a component", () => {
  const declared = [
    "var<workgroup> a: array<vec4f, 16>;",
    "var<storage, read_write> b: array<array<vec2<u32>, 4>>;",
    "var<workgroup> m: mat4x4f;",
    "var<workgroup> s: array<f32, 64>;",
    "var<storage, read> r: array<vec4f>;",
    "var<private> p: array<vec4f, 4>;",
  ];
  const racing = [
    "a[i / 4u][i % 4u] = x;",
    "a[b[i][0].x].y += x;",
    "b[i][j].x = 1u;",
    "b[i][j][k]++;",
    "b[i][j].y <<= 1u;",
    "m[0] = v;",
    "fill(&a[i]);",
  ];
  const sound = [
    "a[i] = v;",
    "a[a_at[i]] += v;",
    "b[i][j] = vec2u();",
    "s[4u * i + 1u] = x;",
    "p[i][j] = x; p[i].x += y;",
    "let x = a[i / 4u][i % 4u];",
    "if (a[i].x == y && a[i].y <= z) { }",
    "// a[i].x = y;",
    "let peak = workgroupUniformLoad(&a[0]);",
  ];
  const at = declared.length + 1;
  assertEquals(
    lines(componentWrites([...declared, ...racing].join("\n"))),
    racing.map((_, i) => at + i),
  );
  assertEquals(componentWrites([...declared, ...sound].join("\n")), []);
});

Deno.test("subnormalLiterals() knows the least normal number", () => {
  const source = "let a = 1e-38;\nlet b = 1.1754944e-38;\nlet c = 2.5e-45f;\n" +
    "let d = 0e-50 + 1e-3 - e-40; // 1e-40\nlet e = .1e-38;";
  assertEquals(lines(subnormalLiterals(source)), [1, 3, 5]);
});
