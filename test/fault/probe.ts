/**
 * Tries, from inside a process, everything that a server should not be able to do,
 * and prints what became of it in one line. Run by itself it has the server's
 * permission set; preloaded into the server it is in the real thing.
 *
 * @module
 */

const tries: Record<string, () => unknown> = {
  "read /etc/passwd": () => Deno.readTextFile("/etc/passwd"),
  "read the home folder": () => Deno.readDirSync(Deno.env.get("HOME") ?? "/"),
  "read the project": () => Deno.readTextFile("deno.json"),
  "read around a folder": () => Deno.readTextFile("models/../deno.json"),
  "read what git keeps": () => Deno.readTextFile(".git/HEAD"),
  "read the process": () => Deno.readTextFile("/proc/self/environ"),
  "read models": () => Deno.readTextFile("models/gosling/README.md"),
  "write a model": () => Deno.writeTextFile("models/gosling/new.txt", ""),
  "write a temporary file": () => Deno.makeTempFile(),
  "remove a model": () => Deno.remove("models/gosling/vocab.txt"),
  "run a program": () => new Deno.Command(Deno.execPath()).output(),
  "run a shell": () => new Deno.Command("sh").output(),
  "load a library": () => Deno.dlopen("libc.so.6", {}),
  "see a variable": () => Deno.env.get("PATH"),
  "see all variables": () => Deno.env.toObject(),
  "see the host's name": () => Deno.hostname(),
  "call another host": () => fetch("http://192.0.2.1/"),
  "call a name": () => fetch("https://example.org/"),
  "call the cloud": () => fetch("http://169.254.169.254/latest/meta-data/"),
  "ask for a name": () => Deno.resolveDns("example.org", "A"),
  "connect to another host": () =>
    Deno.connect({ hostname: "192.0.2.1", port: 80 }),
  "connect to this machine": () =>
    Deno.connect({ hostname: "127.0.0.1", port: 1 }),
  "listen somewhere else": () => Deno.listen({ port: 0 }).close(),
  "import from a host": () => import(String("https://esm.sh/x.ts")),
};

/** Probes once the server listens and has given its network away. */
function probeWhenListening(): void {
  const net = { name: "net", host: "127.0.0.1" } as const;
  const timer = setInterval(() => {
    if (Deno.permissions.querySync(net).state === "granted") return;
    clearInterval(timer);
    void probe();
  }, 20);
  // What is preloaded would otherwise be waited for before the server begins.
  Deno.unrefTimer(timer);
}

async function probe(): Promise<void> {
  const results: Record<string, string> = {};
  for (const [what, work] of Object.entries(tries)) {
    try {
      await work();
      results[what] = "done";
    } catch (error) {
      results[what] = reason(error);
    }
  }
  const line = `probe ${JSON.stringify(results)}\n`;
  await Deno.stdout.write(new TextEncoder().encode(line));
}

/** An import that is refused is a TypeError as much as one that fails. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.startsWith("Requires import")
    ? "NotCapable"
    : error.name;
}

if (Deno.args[0] === "start") probeWhenListening();
else await probe();
