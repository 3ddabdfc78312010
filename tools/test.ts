/**
 * `deno task test [deno test's arguments]`: makes sure that there is a WebGPU
 * adapter, a Chromium, nginx and HAProxy, runs the tests, and ends with the line
 * `N passed, N failed`.
 *
 * Tests of kernels, of the page and of `deploy/` never skip. Where one of these is
 * missing, Debian's package is installed if this process may do so, and otherwise
 * the command that repairs it is printed and nothing is run.
 *
 * @module
 */

import { findProgram } from "../test/deploy/programs.ts";
import { findChromium } from "../test/web/chromium.ts";

/** Something that tests need and Debian has. */
interface Need {
  readonly name: string;
  readonly package: string;
  readonly isThere: () => Promise<boolean>;
}

const NEEDS: readonly Need[] = [
  {
    name: "WebGPU adapter",
    package: "mesa-vulkan-drivers",
    isThere: hasAdapter,
  },
  {
    name: "Chromium",
    package: "chromium",
    isThere: async () => await findChromium() !== undefined,
  },
  {
    name: "nginx",
    package: "nginx-light",
    isThere: async () => await findProgram("nginx") !== undefined,
  },
  {
    name: "HAProxy",
    package: "haproxy",
    isThere: async () => await findProgram("haproxy") !== undefined,
  },
];

// wgpu complains on stderr about an unset runtime folder at every start.
Deno.env.set("XDG_RUNTIME_DIR", Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp");

for (const need of NEEDS) {
  if (await need.isThere() || await install(need) && await need.isThere()) {
    continue;
  }
  say(
    `Cannot test: this machine has no ${need.name}. Repair on Debian or ` +
      "Ubuntu:\n\n  sudo apt-get update && " +
      `sudo ${commandFor(need)}\n`,
  );
  say("0 passed, 1 failed");
  Deno.exit(1);
}

const tests = new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--frozen", ...Deno.args],
  env: { NO_COLOR: "1" },
  stdout: "piped",
}).spawn();

let tail = "";
const text = new TextDecoder();
for await (const chunk of tests.stdout) {
  await Deno.stdout.write(chunk);
  tail = (tail + text.decode(chunk, { stream: true })).slice(-4096);
}
const { code } = await tests.status;
const [, passed, failed] =
  /\| (\d+) passed(?: \([^)]*\))? \| (\d+) failed[^\n]*\s*(?:\nerror:[^\n]*\s*)?$/
    .exec(tail) ?? [undefined, "0", "1"];
say(`${passed} passed, ${code !== 0 && failed === "0" ? 1 : failed} failed`);
Deno.exit(code);

/** Asked in a process of its own: wgpu looks for drivers once in a lifetime. */
async function hasAdapter(): Promise<boolean> {
  const script =
    "Deno.exit(await navigator.gpu?.requestAdapter() == null ? 1 : 0)";
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    stderr: "null",
  }).output();
  return success;
}

/** Whether it could be installed: as root on Debian or its kin. */
async function install(need: Need): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  say(`No ${need.name}: installing Debian's ${need.package} …`);
  for (const command of ["apt-get update", commandFor(need)]) {
    const [name, ...args] = command.split(" ");
    try {
      const { success } = await new Deno.Command(name, {
        args: ["-qq", ...args],
        env: { DEBIAN_FRONTEND: "noninteractive" },
        stdout: "null",
      }).output();
      if (!success) return false;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }
  return true;
}

function commandFor(need: Need): string {
  return `apt-get install -y --no-install-recommends ${need.package}`;
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
