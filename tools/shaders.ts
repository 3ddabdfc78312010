/**
 * What no software driver shows and a graphics card does: rules for WGSL, kept by
 * `test/kernels/shaders_test.ts`.
 *
 * @module
 */

/** A line that breaks a rule. */
export interface ShaderFault {
  /** Counted from 1. */
  readonly line: number;
  /** What is wrong, and the repair. */
  readonly message: string;
}

/** `var<workgroup> x: array<vec4f, 16>`, `var<storage, read_write> y: vec2u`. */
const SHARED =
  /\bvar\s*<\s*(?:workgroup|storage\s*,\s*read_write)\s*>\s*(\w+)\s*:\s*([^;=]+)/g;

/** The vectors and matrices that many invocations can write, and how deep they lie. */
function sharedVectors(source: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, name, type] of source.matchAll(SHARED)) {
    const [, arrays, element] = /^((?:\s*array\s*<)*)\s*(\w+)/.exec(type) ?? [];
    if (/^(vec[234]|mat[234]x[234])/.test(element ?? "")) {
      found.set(name, arrays.split("array").length - 1);
    }
  }
  return found;
}

/** Splits `[a][b[c]].xy` into its accessors, up to what follows them. */
function accessors(text: string): { parts: string[]; rest: string } {
  const parts: string[] = [];
  let rest = text;
  while (true) {
    const [member] = /^\s*\.\s*\w+/.exec(rest) ?? [];
    if (member !== undefined) {
      parts.push(member.trim());
      rest = rest.slice(member.length);
      continue;
    }
    if (!/^\s*\[/.test(rest)) return { parts, rest };
    let depth = 0, end = 0;
    do {
      if (rest[end] === "[") depth++;
      else if (rest[end] === "]") depth--;
      end++;
    } while (end < rest.length && (depth > 0 || !rest.slice(0, end).trim()));
    parts.push(rest.slice(0, end).trim());
    rest = rest.slice(end);
  }
}

/** Comments as blanks, so that lines and columns stay. */
function code(source: string): string {
  return source.replace(
    /\/\/.*|\/\*[^]*?\*\//g,
    (comment) => comment.replace(/[^\n]/g, " "),
  );
}

/**
 * Writes to one component of a vector that others write too. WGSL allows a write
 * to a component to touch the whole vector, so two invocations that write
 * neighbours race (gpuweb/gpuweb#2112, gfx-rs/wgpu#6096). A pointer to such a
 * vector counts as well, for what is written through it cannot be seen.
 */
export function componentWrites(wgsl: string): ShaderFault[] {
  const source = code(wgsl), faults: ShaderFault[] = [];
  for (const [name, depth] of sharedVectors(source)) {
    for (const { index } of source.matchAll(new RegExp(`\\b${name}\\b`, "g"))) {
      const before = source.slice(0, index).trimEnd();
      const { parts, rest } = accessors(source.slice(index + name.length));
      const writes = /^\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)|^\s*(?:\+\+|--)/.test(
        rest,
      );
      const pointer = /(^|[^&])&$/.test(before) &&
        !/workgroupUniformLoad\s*\(\s*&$/.test(before);
      if (!(writes && parts.length > depth) && !pointer) continue;
      faults.push({
        line: source.slice(0, index).split("\n").length,
        message: pointer
          ? `&${name} hides what is written to a shared vector; pass a value`
          : `${name} is a shared vector, and a write to one component may touch ` +
            "all of it; write whole vectors, or make it an array of scalars",
      });
    }
  }
  return faults.sort((a, b) => a.line - b.line);
}

/** The least f32 that every device tells from zero. */
const LEAST_NORMAL = 2 ** -126;

/** Literals that a device which flushes subnormals reads as zero. */
export function subnormalLiterals(wgsl: string): ShaderFault[] {
  const source = code(wgsl);
  const literals = source.matchAll(
    /(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)f?(?!\w)/g,
  );
  return [...literals].flatMap(({ 0: literal, index }) => {
    const value = Number(literal.replace("f", ""));
    if (value === 0 || value >= LEAST_NORMAL) return [];
    return [{
      line: source.slice(0, index).split("\n").length,
      message:
        `${literal} is subnormal: devices may read it as zero; the least ` +
        "that they all tell from it is 1.1754944e-38",
    }];
  });
}
