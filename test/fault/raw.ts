/**
 * A server on a socket, and clients that write bytes to it as no library would.
 *
 * @module
 */

import { type TinyServer, tinyServer } from "../fuzz/tiny_server.ts";

/** A server that notes which paths were asked for. */
export interface Listener extends AsyncDisposable {
  readonly server: TinyServer;
  readonly port: number;
  /** Method and path of each request, in order. */
  readonly seen: string[];
}

/** Puts a tiny server on a free port. */
export async function listen(): Promise<Listener> {
  const server = await tinyServer({ lanes: 2 });
  const seen: string[] = [];
  const http = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      seen.push(`${request.method} ${new URL(request.url).pathname}`);
      return server.fetch(request);
    },
  );
  return {
    server,
    port: http.addr.port,
    seen,
    async [Symbol.asyncDispose](): Promise<void> {
      await server[Symbol.asyncDispose]();
      await http.shutdown();
    },
  };
}

/** A connection of bytes. */
export class Raw implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects to a port of this machine. */
  static async open(port: number): Promise<Raw> {
    return new Raw(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Writes text as Latin-1, so that every byte can be written. */
  async write(text: string): Promise<void> {
    let bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    while (bytes.length > 0) {
      bytes = bytes.subarray(await this.#connection.write(bytes));
    }
  }

  /** Writes no more. */
  async end(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Reads at most so many bytes; nothing at the end. */
  async read(most = 65_536): Promise<string | undefined> {
    const bytes = new Uint8Array(most);
    const count = await this.#connection.read(bytes);
    if (count === null) return undefined;
    return new TextDecoder("latin1").decode(bytes.subarray(0, count));
  }

  /**
   * Reads until something is there, or the end.
   *
   * @param ms To wait at most.
   */
  async until(pattern: RegExp, ms = 60_000): Promise<string> {
    let text = "";
    const timer = setTimeout(() => this[Symbol.dispose](), ms);
    try {
      while (!pattern.test(text)) {
        const more = await this.read();
        if (more === undefined) break;
        text += more;
      }
    } catch {
      // Reset, or waited for too long.
    } finally {
      clearTimeout(timer);
    }
    return text;
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // It is closed.
    }
  }
}

/** A port that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
