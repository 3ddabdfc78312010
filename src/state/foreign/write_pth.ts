/**
 * PyTorch's file format, as much as a state needs: an uncompressed ZIP of raw f32
 * storages and a pickle, protocol 2, of a dict or a list of tensors.
 *
 * Layout: PKWARE APPNOTE 6.3; opcodes: CPython's `Lib/pickletools.py`; storages
 * begin at multiples of 64 bytes, as `torch.save` has them.
 *
 * @module
 */

/** A tensor of f32. */
export interface NamedTensor {
  /** Its key in the dict; if the first has none, all go into a list. */
  readonly name?: string;
  /** Slowest dimension first. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

const ALIGNMENT = 64;
/** Extra field that PyTorch pads with. */
const PADDING = 0x4246;

/** Writes a file, a tensor a step. */
export function* writePth(
  tensors: readonly NamedTensor[],
): Generator<void, Uint8Array<ArrayBuffer>> {
  const text = new TextEncoder();
  return yield* writeZip([
    ["state/data.pkl", pickle(tensors)],
    ["state/byteorder", text.encode("little")],
    ...tensors.map(({ values }, i) => {
      const { buffer, byteOffset, byteLength } = values;
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      return [`state/data/${i}`, bytes] as const;
    }),
    ["state/version", text.encode("3\n")],
  ]);
}

/** The table of tensors. */
function pickle(tensors: readonly NamedTensor[]): Uint8Array {
  const bytes: number[] = [0x80, 2];
  const global = (name: string) => {
    bytes.push(0x63, ...new TextEncoder().encode(name.replace(" ", "\n")), 10);
  };
  const int = (value: number) => {
    bytes.push(0x4a, ...littleEndian(value));
  };
  const string = (value: string) => {
    const utf8 = new TextEncoder().encode(value);
    bytes.push(0x58, ...littleEndian(utf8.length), ...utf8);
  };
  const tuple = (sizes: readonly number[]) => {
    bytes.push(0x28);
    sizes.forEach(int);
    bytes.push(0x74);
  };
  const isDict = tensors[0]?.name !== undefined;
  bytes.push(isDict ? 0x7d : 0x5d, 0x28);
  for (const [i, { name, shape, values }] of tensors.entries()) {
    if (isDict) string(name ?? String(i));
    global("torch._utils _rebuild_tensor_v2");
    bytes.push(0x28, 0x28);
    string("storage");
    global("torch FloatStorage");
    string(String(i));
    string("cpu");
    int(values.length);
    bytes.push(0x74, 0x51);
    int(0);
    tuple(shape);
    tuple(shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1)));
    bytes.push(0x89);
    global("collections OrderedDict");
    bytes.push(0x29, 0x52, 0x74, 0x52);
  }
  bytes.push(isDict ? 0x75 : 0x65, 0x2e);
  return Uint8Array.from(bytes);
}

function littleEndian(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => value >>> shift & 255);
}

function* writeZip(
  entries: readonly (readonly [name: string, data: Uint8Array])[],
): Generator<void, Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [], directory: Uint8Array[] = [];
  let end = 0;
  const push = (...parts: readonly Uint8Array[]) => {
    for (const part of parts) {
      chunks.push(part);
      end += part.length;
    }
  };
  for (const [name, data] of entries) {
    const label = new TextEncoder().encode(name), offset = end;
    const room = -(offset + 34 + label.length) & ALIGNMENT - 1;
    const extra = record(["u16", PADDING], ["u16", room]);
    const about = [
      ["u16", 0], // version needed
      ["u16", 0x800], // names in UTF-8
      ["u16", 0], // not compressed
      ["u32", 0x210000], // 1980-01-01
      ["u32", crc32(data)],
      ["u32", data.length],
      ["u32", data.length],
      ["u16", label.length],
    ] as const;
    push(record(["u32", 0x04034b50], ...about, ["u16", room + 4]));
    push(label, extra, new Uint8Array(room), data);
    directory.push(
      record(
        ["u32", 0x02014b50],
        ["u16", 0],
        ...about,
        ["u16", 0], // extra field
        ["u16", 0], // comment
        ["u16", 0], // disk
        ["u16", 0], // attributes
        ["u32", 0],
        ["u32", offset],
      ),
      label,
    );
    yield;
  }
  const start = end;
  push(...directory);
  push(record(
    ["u32", 0x06054b50],
    ["u32", 0], // disks
    ["u16", entries.length],
    ["u16", entries.length],
    ["u32", end - start],
    ["u32", start],
    ["u16", 0],
  ));
  const file = new Uint8Array(end);
  let at = 0;
  for (const chunk of chunks) {
    file.set(chunk, at);
    at += chunk.length;
  }
  return file;
}

function record(
  ...fields: readonly (readonly [type: "u16" | "u32", value: number])[]
): Uint8Array {
  return Uint8Array.from(
    fields.flatMap(([type, value]) =>
      littleEndian(value).slice(0, type === "u16" ? 2 : 4)
    ),
  );
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) {
    byte = byte & 1 ? byte >>> 1 ^ 0xedb88320 : byte >>> 1;
  }
  return byte;
});

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) {
    crc = crc >>> 8 ^ CRC_TABLE[(crc ^ bytes[i]) & 255];
  }
  return ~crc >>> 0;
}
