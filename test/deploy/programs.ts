/**
 * Where Debian puts programs that tests run: those that stand in front of servers,
 * and Python.
 *
 * @module
 */

/** A program of Debian's. */
export type DebianProgram = "nginx" | "haproxy" | "python3";

/** Finds a program; absent if it is not installed. */
export async function findProgram(
  name: DebianProgram,
): Promise<string | undefined> {
  // Only root has the second folder in its path.
  for (const path of [name, `/usr/sbin/${name}`]) {
    try {
      await new Deno.Command(path, {
        args: [name === "python3" ? "-V" : "-v"],
        stdout: "null",
        stderr: "null",
      }).output();
      return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

/** The same, for tests: they never skip. */
export async function requireProgram(
  name: DebianProgram,
): Promise<string> {
  const path = await findProgram(name);
  if (path !== undefined) return path;
  const debian = name === "nginx" ? "nginx-light" : name;
  throw new Error(
    `Cannot test: there is no ${name}. Repair on Debian or Ubuntu: ` +
      `sudo apt-get install -y --no-install-recommends ${debian}`,
  );
}
