/**
 * Programs that tests need and this machine may lack.
 *
 * @module
 */

import { findProgram } from "../../test/deploy/programs.ts";
import { findChromium, hasShell } from "../../test/web/chromium.ts";

/** Something that tests need and Debian has. */
interface Need {
  readonly name: string;
  readonly package: string;
  readonly isThere: () => Promise<boolean>;
  /** It saves time where it is to be had, and another does its work. */
  readonly spares?: boolean;
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
    name: "headless shell of Chromium",
    package: "chromium-headless-shell",
    isThere: hasShell,
    spares: true,
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
  {
    name: "Python",
    package: "python3",
    isThere: async () => await findProgram("python3") !== undefined,
  },
];

/**
 * Makes sure that every program is there: installs Debian's package where this
 * process may.
 *
 * @returns The command that repairs it, for people, if one is missing.
 */
export async function provideNeeds(): Promise<string | undefined> {
  for (const need of NEEDS) {
    if (await need.isThere()) continue;
    // Other systems have no such package, and would be asked at every run.
    if (need.spares && !await isKnown(need)) continue;
    if (await install(need) && await need.isThere() || need.spares) continue;
    return `Cannot test: this machine has no ${need.name}. Repair on Debian or ` +
      "Ubuntu:\n\n  sudo apt-get update && " +
      `sudo ${commandFor(need)}\n`;
  }
}

/** Whether Debian's lists, as they lie here, have the package. */
async function isKnown({ package: name }: Need): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("apt-cache", {
      args: ["show", "--no-all-versions", name],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

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
  Deno.stdout.writeSync(
    new TextEncoder().encode(
      `No ${need.name}: installing Debian's ${need.package} …\n`,
    ),
  );
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
