/**
 * Looks into the memory of another process through V8's inspector.
 *
 * @module
 */

/** Bytes as they are sent into the process: never as they are looked for. */
const MASK = 0x55;

/** Where a needle was found. */
export interface Found {
  /** Which needle. */
  readonly needle: string;
  /** Where. */
  readonly place: string;
}

/** A connection to a process that was started with `--inspect`. */
export class Inspector implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #next = 1;
  #chunk: (text: string) => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message: Reply & Event = JSON.parse(data);
      if (message.method === "HeapProfiler.addHeapSnapshotChunk") {
        this.#chunk(message.params.chunk);
      }
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    });
  }

  /** Connects to the address that a process prints at its start. */
  static async connect(printed: string): Promise<Inspector> {
    const [url] = /ws:\/\/\S+/.exec(printed) ?? [];
    if (url === undefined) throw new Error(`No inspector in: ${printed}`);
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    return new Inspector(socket);
  }

  /** Strings that live in the heap and hold one of `needles`. */
  async strings(needles: readonly string[]): Promise<Found[]> {
    const found: Found[] = [];
    const most = Math.max(...needles.map(({ length }) => length));
    let tail = "";
    this.#chunk = (chunk) => {
      const text = tail + chunk;
      for (const needle of needles) {
        const at = text.indexOf(needle);
        if (at < 0) continue;
        const place = text.slice(Math.max(0, at - 80), at + 80);
        found.push({ needle, place });
      }
      tail = text.slice(-most);
    };
    await this.#send("HeapProfiler.enable");
    await this.#send("HeapProfiler.takeHeapSnapshot", {
      reportProgress: false,
    });
    return found;
  }

  /** Buffers, shared memory too, and arrays of numbers that hold `needles`. */
  async numbers(
    needles: Readonly<Record<string, Uint8Array | readonly number[]>>,
  ): Promise<Found[]> {
    const masked = Object.entries(needles).map(([needle, values]) => ({
      needle,
      isBytes: values instanceof Uint8Array,
      values: Array.from(values, (value) => value ^ MASK),
    }));
    const found: Found[] = [];
    for (const name of ["ArrayBuffer", "SharedArrayBuffer", "Array"]) {
      const { result } = await this.#send("Runtime.evaluate", {
        expression: `${name}.prototype`,
      });
      const { objects } = await this.#send("Runtime.queryObjects", {
        prototypeObjectId: result.objectId,
      });
      const answer = await this.#send("Runtime.callFunctionOn", {
        objectId: objects.objectId,
        functionDeclaration: String(search),
        arguments: [{ value: masked }, { value: MASK }],
        returnByValue: true,
      });
      found.push(...answer.result.value);
      // Else the inspector itself would keep them.
      for (const { objectId } of [objects, result]) {
        await this.#send("Runtime.releaseObject", { objectId });
      }
    }
    return found;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    return Promise.resolve();
  }

  // deno-lint-ignore no-explicit-any -- answers have a shape for each method
  async #send(method: string, params: object = {}): Promise<any> {
    const id = this.#next++;
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
    if (reply.error) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result;
  }
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Event {
  readonly method?: string;
  readonly params: { readonly chunk: string };
}

/** Runs inside the process, with its buffers or arrays as `this`. */
function search(
  this: readonly (ArrayBuffer | SharedArrayBuffer | readonly unknown[])[],
  needles: readonly { needle: string; isBytes: boolean; values: number[] }[],
  mask: number,
): Found[] {
  const found: Found[] = [];
  for (const object of this) {
    if (object === this as unknown) continue;
    const isArray = Array.isArray(object);
    const values = isArray
      ? object
      : new Uint8Array(object as ArrayBuffer | SharedArrayBuffer);
    for (const { needle, isBytes, values: masked } of needles) {
      if (isBytes === isArray) continue;
      const first = masked[0] ^ mask;
      let at = values.indexOf(first as never);
      for (; at >= 0; at = values.indexOf(first as never, at + 1)) {
        let i = 1;
        while (i < masked.length && values[at + i] === (masked[i] ^ mask)) i++;
        if (i < masked.length) continue;
        const place = `${object.constructor.name}(${values.length}) at ${at}`;
        found.push({ needle, place });
        break;
      }
    }
  }
  return found;
}
