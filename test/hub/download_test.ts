import { assertEquals, assertRejects } from "@std/assert";
import { download, type Part } from "../../src/hub/download_file.ts";
import { NETWORK, type Transport } from "../../src/hub/fetch_retry.ts";
import { type FileServer, fileServer } from "./file_server.ts";

/** A part in memory. */
class MemoryPart implements Part {
  tag: string | undefined;
  bytes = new Uint8Array();
  begun = 0;

  get size(): number {
    return this.bytes.length;
  }

  begin(tag: string | undefined): Promise<void> {
    this.begun++;
    this.tag = tag;
    this.bytes = new Uint8Array();
    return Promise.resolve();
  }

  append(bytes: Uint8Array): Promise<void> {
    const all = new Uint8Array(this.size + bytes.length);
    all.set(this.bytes);
    all.set(bytes, this.size);
    this.bytes = all;
    return Promise.resolve();
  }
}

const BYTES = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7 + (i >> 8));
const PATH = "/model.pth";

/** The network without its pauses; they are noted instead. */
function hurried(waits: number[] = []): Transport {
  return {
    ...NETWORK,
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
}

function serve(etag: string | undefined = '"one"'): FileServer {
  const server = fileServer();
  server.files.set(PATH, { bytes: BYTES, ...(etag && { etag }) });
  return server;
}

function fileAt({ url }: FileServer) {
  return { name: "model.pth", url: new URL(PATH, url) };
}

Deno.test("download fetches a file in one go and tells how far it is", async () => {
  await using server = serve();
  const part = new MemoryPart();
  const seen: number[] = [];
  await download(fileAt(server), part, hurried(), (done, total) => {
    assertEquals(total, BYTES.length);
    seen.push(done);
  });
  assertEquals(part.bytes, BYTES);
  assertEquals(seen.at(-1), BYTES.length);
  assertEquals(server.log, [{ path: PATH, range: null, token: null }]);
});

Deno.test("download goes on where a dropped connection ended", async () => {
  await using server = serve();
  server.drop = 30_000;
  const part = new MemoryPart();
  await download(fileAt(server), part, hurried());
  assertEquals(part.bytes, BYTES);
  assertEquals(part.begun, 2); // before the first byte, and with its ETag
  assertEquals(
    server.log.map(({ range }) => range),
    [null, "bytes=30000-", "bytes=60000-", "bytes=90000-"],
  );
});

Deno.test("download begins again when the file has changed in between", async () => {
  await using server = serve();
  server.drop = 30_000;
  server.drops = 1;
  const part = new MemoryPart();
  const other = BYTES.map((byte) => byte ^ 255);
  const change: Transport = {
    ...hurried(),
    wait: () => {
      server.files.set(PATH, { bytes: other, etag: '"two"' });
      return Promise.resolve();
    },
  };
  await download(fileAt(server), part, change);
  assertEquals(part.bytes, other);
  assertEquals(part.tag, '"two"');
});

Deno.test("download begins again where a server knows no ranges", async () => {
  await using server = serve();
  server.ranges = false;
  server.drop = 30_000;
  server.drops = 2;
  const part = new MemoryPart();
  await download(fileAt(server), part, hurried());
  assertEquals(part.bytes, BYTES);
});

Deno.test("download begins again without an ETag or a checksum", async () => {
  await using server = serve("");
  server.drop = 30_000;
  server.drops = 1;
  const part = new MemoryPart();
  await download(fileAt(server), part, hurried());
  assertEquals(part.bytes, BYTES);
  assertEquals(server.log.map(({ range }) => range), [null, null]);
});

Deno.test("download goes on without an ETag where a checksum will tell", async () => {
  await using server = serve("");
  server.drop = 60_000;
  const part = new MemoryPart();
  const file = { ...fileAt(server), sha256: "0".repeat(64) };
  await download(file, part, hurried());
  assertEquals(part.bytes, BYTES);
  assertEquals(server.log[1]?.range, "bytes=60000-");
});

Deno.test("download asks for nothing when all bytes are there", async () => {
  await using server = serve();
  const part = new MemoryPart();
  await part.begin('"one"');
  await part.append(BYTES);
  const file = { ...fileAt(server), size: BYTES.length };
  await download(file, part, hurried());
  assertEquals(server.log, []);
});

Deno.test("download takes 416 for the end when no size is known", async () => {
  await using server = serve();
  const part = new MemoryPart();
  await part.begin('"one"');
  await part.append(BYTES);
  await download(fileAt(server), part, hurried());
  assertEquals(server.log[0]?.range, "bytes=100000-");
  assertEquals(part.bytes, BYTES);
});

Deno.test("download begins again when more is there than the file has", async () => {
  await using server = serve();
  const part = new MemoryPart();
  await part.begin('"one"');
  await part.append(new Uint8Array(BYTES.length + 1));
  await download(fileAt(server), part, hurried());
  assertEquals(part.bytes, BYTES);
});

Deno.test("download refuses a file of another length than announced", async () => {
  await using server = serve();
  const file = { ...fileAt(server), size: 5 };
  await assertRejects(() => download(file, new MemoryPart(), hurried()), {
    code: "ERR_MODEL_CHECKSUM",
    message: /: it has 100000 bytes, expected 5; /,
  });
});

Deno.test("download waits as long as a 429 says, then goes on", async () => {
  await using server = serve();
  let refused = 0;
  server.instead = () =>
    refused++ > 0
      ? undefined
      : new Response("", { status: 429, headers: { "retry-after": "7" } });
  const waits: number[] = [];
  const part = new MemoryPart();
  await download(fileAt(server), part, hurried(waits));
  assertEquals(waits, [7000]);
  assertEquals(part.bytes, BYTES);
});

Deno.test("download gives up after too many failures in a row, and pauses longer and longer", async () => {
  await using server = serve();
  server.instead = () => new Response("", { status: 503 });
  const waits: number[] = [];
  await assertRejects(
    () => download(fileAt(server), new MemoryPart(), hurried(waits)),
    {
      code: "ERR_MODEL_NETWORK",
      message: /: it answers 503, 7 times in a row; /,
    },
  );
  assertEquals(waits.length, NETWORK.tries - 1);
  waits.forEach((ms, i) => {
    assertEquals(ms >= 250 * 2 ** i && ms <= 500 * 2 ** i, true);
  });
});

Deno.test("download counts failures anew after each byte that came", async () => {
  await using server = serve();
  server.drop = 9000;
  const part = new MemoryPart();
  const transport = { ...hurried(), tries: 2 };
  await download(fileAt(server), part, transport);
  assertEquals(part.bytes, BYTES);
  assertEquals(server.log.length, 12);
});

for (
  const [status, found, code] of [
    [401, "HF_TOKEN", "ERR_MODEL_NOT_FOUND"],
    [403, "HF_TOKEN", "ERR_MODEL_NOT_FOUND"],
    [404, "there is no such file", "ERR_MODEL_NOT_FOUND"],
    [418, "it answers 418", "ERR_MODEL_NETWORK"],
  ] as const
) {
  Deno.test(`download ends at once at ${status} and keeps secrets to itself`, async () => {
    await using server = serve();
    server.instead = () => new Response("", { status });
    const url = new URL(`${PATH}?signature=secret`, server.url);
    const file = { name: "x", url, token: "hf_x" };
    await assertRejects(() => download(file, new MemoryPart(), hurried()), {
      code,
      message: new RegExp(`^(?!.*(secret|hf_x)).*${found}`),
    });
    assertEquals(server.log.length, 1);
    assertEquals(server.log[0]?.token, "Bearer hf_x");
  });
}

Deno.test("download does not hand a token on to where it is redirected", async () => {
  await using server = serve();
  await using other = fileServer();
  const target = new URL(PATH, server.url);
  other.instead = () => Response.redirect(target, 302);
  const part = new MemoryPart();
  const file = { name: "x", url: new URL("/x", other.url), token: "hf_x" };
  await download(file, part, hurried());
  assertEquals(part.bytes, BYTES);
  assertEquals(other.log[0]?.token, "Bearer hf_x");
  assertEquals(server.log[0]?.token, null);
});

Deno.test("download gives up a connection that brings nothing", async () => {
  await using server = serve();
  const open: ReadableStreamDefaultController<Uint8Array>[] = [];
  server.instead = () =>
    server.log.length > 1 ? undefined : new Response(
      new ReadableStream({ start: (controller) => void open.push(controller) }),
      { headers: { "content-length": `${BYTES.length}` } },
    );
  const part = new MemoryPart();
  await download(fileAt(server), part, { ...hurried(), stall: 100 });
  assertEquals(part.bytes, BYTES);
  assertEquals(open.length, 1);
});

Deno.test("download says that there is no server, after trying", async () => {
  const url = new URL("http://127.0.0.1:9/x.pth");
  await assertRejects(
    () =>
      download({ name: "x", url }, new MemoryPart(), {
        ...hurried(),
        tries: 2,
      }),
    { message: /, 2 times in a row; / },
  );
});
