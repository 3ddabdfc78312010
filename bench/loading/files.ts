/**
 * Random models as files of any size: values are computed as they are written, so
 * that a file may be larger than memory.
 *
 * @module
 */

import {
  BYTES_PER_VALUE,
  type StoredTensor,
  volume,
} from "../../src/model/stored_tensor.ts";
import {
  GGUF_TYPES,
  ggufHead,
  type GgufTensor,
  llamaKeys,
  llamaTensors,
} from "../../test/support/models/write_gguf.ts";
import {
  rowMajor,
  writePickle,
  Writer,
} from "../../test/support/models/write_pth.ts";
import {
  narrow,
  type RandomModel,
  randomTensors,
  safetensors,
} from "../../test/support/models/random_model.ts";

/** Kinds of files. */
export type Kind = "safetensors" | "pth" | "gguf";

/** Bytes of a file, a piece at a time. */
export type Pieces = AsyncGenerator<Uint8Array<ArrayBuffer>>;

/** Values computed at once: a multiple of every block. */
const CHUNK = 1 << 20;

/** A random model as a file: BF16, or Q8_0 where it is a GGUF. */
export function modelFile(model: RandomModel, kind: Kind): Pieces {
  const tensors = randomTensors({ ...model, type: "BF16" });
  if (kind === "pth") return pth(tensors);
  if (kind === "gguf") return gguf(tensors, model.V);
  return safetensors(tensors, "BF16");
}

/** As `torch.save` writes them: a ZIP without compression. */
async function* pth(tensors: readonly StoredTensor[]): Pieces {
  const table = writePickle(tensors.map(({ name, shape }, i) => ({
    name,
    storage: "BFloat16Storage",
    key: String(i),
    length: volume(shape),
    offset: 0,
    shape,
    stride: rowMajor(shape),
  })));
  const directory = new Writer();
  let at = 0;
  const head = (name: string, bytes: number) => {
    const pad = -(at + 30 + name.length + 4) & 63;
    directory.numbers(4, 0x02014b50).numbers(2, 0, 0, 0x808, 0, 0, 0)
      .numbers(4, 0, bytes, bytes).numbers(2, name.length, 0, 0, 0, 0)
      .numbers(4, 0, at).add(name);
    const head = new Writer().numbers(4, 0x04034b50)
      .numbers(2, 0, 0x808, 0, 0, 0).numbers(4, 0, bytes, bytes)
      .numbers(2, name.length, pad + 4).add(name)
      .add("FB").numbers(2, pad).add(new Uint8Array(pad)).bytes();
    at += head.length + bytes;
    return head;
  };
  yield head("m/data.pkl", table.length);
  yield table;
  for (const [i, tensor] of tensors.entries()) {
    yield head(`m/data/${i}`, BYTES_PER_VALUE.BF16 * volume(tensor.shape));
    for await (const values of chunks(tensor)) yield narrow(values, "BF16");
  }
  const start = at, entries = tensors.length + 1;
  yield directory.bytes();
  yield new Writer().numbers(4, 0x06054b50).numbers(2, 0, 0, entries, entries)
    .numbers(4, directory.length, start).numbers(2, 0).bytes();
}

/** Matrices that quantised files quantise. */
const LARGE =
  /^(emb|head)\.weight$|att\.(receptance|key|value|output)\.weight$|ffn\.(key|value)\.weight$/;

/** As llama.cpp's converter writes them, large matrices in Q8_0. */
async function* gguf(tensors: readonly StoredTensor[], V: number): Pieces {
  // The converter's names, of a model whose large matrices have no values.
  const hollow = tensors.map((tensor) =>
    LARGE.test(tensor.name)
      ? { ...tensor, values: () => Promise.resolve(new Float32Array()) }
      : tensor
  );
  const large = tensors.filter(({ name }) => LARGE.test(name));
  const written = await llamaTensors(hollow, "Q8_0");
  const sized = written.map((tensor): GgufTensor & { bytes: number } => ({
    ...tensor,
    bytes: tensor.type === GGUF_TYPES.Q8_0
      ? volume(tensor.shape) / 32 * 34
      : tensor.data.length,
  }));
  yield ggufHead(llamaKeys(V), sized);
  for (const { type, data, bytes } of sized) {
    if (type !== GGUF_TYPES.Q8_0) yield data;
    else {
      const [tensor] = large.splice(0, 1);
      for await (const values of chunks(tensor)) yield toQ8(values);
    }
    yield new Uint8Array(-bytes & 31);
  }
}

async function* chunks(
  { shape, values }: StoredTensor,
): AsyncGenerator<Float32Array<ArrayBuffer>> {
  const count = volume(shape);
  for (let from = 0; from < count; from += CHUNK) {
    yield await values(from, Math.min(count, from + CHUNK));
  }
}

/** Blocks of 32 signed bytes behind an f16 scale. */
function toQ8(values: Float32Array): Uint8Array<ArrayBuffer> {
  const out = new DataView(new ArrayBuffer(values.length / 32 * 34));
  for (let block = 0; block < values.length / 32; block++) {
    const at = 32 * block;
    let largest = 0;
    for (let i = at; i < at + 32; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    const scale = Math.f16round(largest / 127);
    out.setFloat16(34 * block, scale, true);
    for (let i = 0; i < 32; i++) {
      const level = scale === 0 ? 0 : Math.round(values[at + i] / scale);
      out.setInt8(34 * block + 2 + i, Math.max(-127, Math.min(127, level)));
    }
  }
  return new Uint8Array(out.buffer);
}
