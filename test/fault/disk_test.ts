import { join } from "@std/path";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { pull } from "../../src/hub/pull_model.ts";
import { parseReference } from "../../src/hub/model_reference.ts";
import { BYTES, scene } from "../hub/model_scene.ts";

const GGUF = parseReference("hf:me/quantised/m.gguf");

/** A disk on which so many bytes of files fit, while it lives. */
class SmallDisk implements Disposable {
  readonly #write = Deno.FsFile.prototype.write;

  constructor(room: number) {
    const write = this.#write;
    Deno.FsFile.prototype.write = async function (bytes): Promise<number> {
      if (room === 0) throw full();
      const count = await write.call(this, bytes.subarray(0, room));
      room -= count;
      return count;
    };
  }

  [Symbol.dispose](): void {
    Deno.FsFile.prototype.write = this.#write;
  }
}

/** As the system says it. */
function full(): Error {
  return Object.assign(new Error("No space left on device (os error 28)"), {
    code: "ENOSPC",
  });
}

Deno.test("a pull that fills the disk keeps what has arrived, and goes on from there", async () => {
  await using stage = await scene();
  const { cache, options, notes, fetched } = stage;
  stage.put("m.gguf", BYTES, "me/quantised");
  const room = 30_001;
  {
    using _disk = new SmallDisk(room);
    await assertRejects(() => pull(cache, GGUF, options), {
      code: "ERR_MODEL_DISK",
      message: /m\.gguf: the disk is full; make room.* pull again to go on$/,
    });
  }
  const folder = join(cache.folder, "m");
  const { size } = await Deno.stat(join(folder, "m.gguf.part"));
  assertEquals(size, room);
  // Until it is whole there is no model of that name.
  assertEquals((await cache.read("m")).manifest, undefined);
  await pull(cache, GGUF, options);
  assertEquals(await Deno.readFile(join(folder, "m.gguf")), BYTES);
  assertEquals(fetched().at(-1), `bytes=${room}-`);
  assertMatch(notes.join("\n"), /Going on with m\.gguf at 30/);
});
