/**
 * The adapter, its limits, and the pipelines compiled for it.
 *
 * @module
 */

import { DeviceError } from "../../errors.ts";
import type { Dispatch, DispatchInit } from "./dispatch.ts";

/**
 * Limits that large models need, asked for as far as they are offered. The
 * kernels themselves keep to what WebGPU guarantees: 8 storage buffers, 256
 * invocations and 16 KiB of memory a workgroup.
 */
const WANTED_LIMITS = ["maxStorageBufferBindingSize", "maxBufferSize"] as const;

/** Features used where they are offered. */
const WANTED_FEATURES = ["timestamp-query"] as const;

/** What WGSL may lack that the kernels use: `unpack4xI8`, `unpack4xU8`. */
const WANTED_WGSL = "packed_4x8_integer_dot_product";

/** Bytes on their way to the device at most; each wait costs some 11 ms. */
const MOST_STAGED = 32 * 2 ** 20;

/** Drivers that run shaders on the CPU, by what they call themselves. */
const SOFTWARE = /llvmpipe|lavapipe|swiftshader|software|basic render/i;

/** What an adapter says of itself. */
export interface AdapterName {
  /** For people: the description, or what else there is. */
  readonly name: string;
  /** Whether it runs shaders on the CPU. */
  readonly software: boolean;
}

/** Names an adapter and tells hardware from software. */
export function describeAdapter(
  info:
    & Pick<
      GPUAdapterInfo,
      "vendor" | "architecture" | "device" | "description"
    >
    & { readonly isFallbackAdapter?: boolean },
): AdapterName {
  const name = info.description ||
    [info.vendor, info.architecture, info.device].filter(Boolean).join(" ") ||
    "unnamed adapter";
  return {
    name,
    software: info.isFallbackAdapter === true || SOFTWARE.test(name),
  };
}

/** Bytes of a buffer that has room for `size`. */
export function bufferBytes(size: number): number {
  return Math.max(16, Math.ceil(size / 16) * 16);
}

/** Pipelines by device, label, WGSL and constants. */
const pipelines = new WeakMap<GPUDevice, Map<string, GPUComputePipeline>>();

/** A device, and the kernels compiled for it. */
export class Gpu {
  /** The device every kernel and buffer belongs to. */
  readonly device: GPUDevice;
  /** The adapter's own name, for people. */
  readonly name: string;
  /** Whether shaders run on the CPU. */
  readonly software: boolean;
  /**
   * Resolves, once, if the device goes away without being disposed, or refuses a
   * command.
   */
  readonly lost: Promise<DeviceError>;
  readonly #owned: boolean;
  readonly #lose: (error: DeviceError) => void;
  #disposed = false;
  #staged = 0;
  #lost: DeviceError | undefined;

  private constructor(
    device: GPUDevice,
    { name, software }: AdapterName,
    owned: boolean,
  ) {
    this.device = device;
    this.#owned = owned;
    this.name = name;
    this.software = software;
    const { promise, resolve } = Promise.withResolvers<DeviceError>();
    this.lost = promise;
    this.#lose = resolve;
    device.lost.then(({ reason, message }) => {
      this.missed(
        "ERR_DEVICE_LOST",
        `the device was lost (${message || reason})`,
      );
    });
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      if (event instanceof GPUUncapturedErrorEvent) {
        const { message } = event.error;
        this.missed("ERR_DEVICE_FAILED", `it refused a command: ${message}`);
      }
    });
  }

  /**
   * Opens the adapter that the system prefers.
   *
   * @param hardware Refuse an adapter that runs shaders on the CPU.
   * @throws {DeviceError} `ERR_DEVICE_UNAVAILABLE` if there is none that will do.
   */
  static async open({ hardware }: { hardware: boolean }): Promise<Gpu> {
    const gpu:
      | GPU & { wgslLanguageFeatures?: ReadonlySet<string> }
      | undefined = globalThis.navigator?.gpu;
    const adapter = await gpu?.requestAdapter({
      powerPreference: "high-performance",
    });
    if (!gpu || !adapter) {
      throw new DeviceError(
        "ERR_DEVICE_UNAVAILABLE",
        "Cannot open a WebGPU device: there is no adapter; install a Vulkan, " +
          "Metal or Direct3D 12 driver, or use the wasm device",
      );
    }
    const found = describeAdapter(adapter.info);
    if (hardware && found.software) {
      throw new DeviceError(
        "ERR_DEVICE_UNAVAILABLE",
        `Cannot use ${found.name}: it runs shaders on the CPU, where the wasm ` +
          "device is faster",
      );
    }
    if (!gpu.wgslLanguageFeatures?.has(WANTED_WGSL)) {
      throw new DeviceError(
        "ERR_DEVICE_UNAVAILABLE",
        `Cannot use ${found.name}: its WGSL has no ${WANTED_WGSL}; update the ` +
          "browser or the runtime, or use the wasm device",
      );
    }
    const device = await adapter.requestDevice({
      requiredFeatures: WANTED_FEATURES.filter((x) => adapter.features.has(x)),
      requiredLimits: Object.fromEntries(
        WANTED_LIMITS.map((limit) => [limit, adapter.limits[limit]]),
      ),
    }).catch((cause) => {
      throw new DeviceError(
        "ERR_DEVICE_UNAVAILABLE",
        `Cannot use ${found.name}: it gives no device (${
          cause instanceof Error ? cause.message : cause
        })`,
        { cause },
      );
    });
    return new Gpu(device, found, true);
  }

  /**
   * Works on a device that somebody else opened, and will close. What was compiled
   * for the device stays compiled when this is disposed.
   */
  static on(device: GPUDevice): Gpu {
    return new Gpu(device, describeAdapter(device.adapterInfo), false);
  }

  /** Bytes of one binding at most. */
  get mostBytes(): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.device.limits;
    return Math.min(maxStorageBufferBindingSize, maxBufferSize);
  }

  /** A new storage buffer that can also be copied from and to. */
  buffer(label: string, size: number, usage = 0): GPUBuffer {
    const { maxBufferSize } = this.device.limits;
    if (size > maxBufferSize) {
      throw new DeviceError(
        "ERR_DEVICE_FAILED",
        `Cannot hold ${label} on ${this.name}: it takes ${size} bytes, and a ` +
          `buffer at most ${maxBufferSize}`,
      );
    }
    return this.device.createBuffer({
      label,
      size: bufferBytes(size),
      usage: usage || GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST |
          GPUBufferUsage.COPY_SRC,
    });
  }

  /**
   * Writes to a buffer. What is written waits in host memory until the device
   * takes it, so await this where there is a lot.
   */
  async write(
    buffer: GPUBuffer,
    offset: number,
    values: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const { queue } = this.device;
    queue.writeBuffer(buffer, offset, values);
    this.#staged += values.byteLength;
    if (this.#staged < MOST_STAGED) return;
    this.#staged = 0;
    queue.submit([]);
    await queue.onSubmittedWorkDone();
  }

  /** Binds a kernel to its buffers; compiles it if it is new to this device. */
  dispatch(init: DispatchInit): Dispatch {
    const { label, source, constants, tensors, grid } = init;
    const pipeline = this.#pipeline(label, source, constants);
    const bindings = this.device.createBindGroup({
      label,
      layout: pipeline.getBindGroupLayout(0),
      entries: tensors.map(({ buffer }, binding) => ({
        binding,
        resource: { buffer },
      })),
    });
    return { label, pipeline, bindings, grid };
  }

  /**
   * Runs `build`.
   *
   * @throws {DeviceError} `ERR_DEVICE_FAILED` if the device refused any of it.
   */
  async checked<T>(what: string, build: () => T | Promise<T>): Promise<T> {
    const { device } = this;
    const scopes = ["out-of-memory", "validation", "internal"] as const;
    for (const scope of scopes) device.pushErrorScope(scope);
    let built: T;
    const faults: (GPUError | null)[] = [];
    try {
      built = await build();
    } finally {
      for (const _ of scopes) faults.push(await device.popErrorScope());
    }
    this.assertUsable();
    const fault = faults.find((fault) => fault !== null);
    if (!fault) return built;
    throw new DeviceError(
      "ERR_DEVICE_FAILED",
      `Cannot ${what} on ${this.name}: ${fault.message}`,
    );
  }

  /**
   * Throws if the device can no longer be trusted.
   *
   * @throws {DeviceError} `ERR_DEVICE_LOST` if it went away, `ERR_DEVICE_FAILED`
   * if it refused an earlier command.
   */
  assertUsable(): void {
    if (this.#lost) throw this.#lost;
  }

  /**
   * Takes the device for lost. A read that fails because the device has gone may
   * be told so before `GPUDevice.lost` is: whoever waits for {@linkcode lost}
   * hears of the loss before the reader does, so that nothing is begun anew on
   * the same device. A device that refused a command is of no more use either.
   *
   * @param what What was seen of the loss, for people.
   * @returns The error of every later call.
   */
  missed(
    code: "ERR_DEVICE_LOST" | "ERR_DEVICE_FAILED",
    what: string,
    cause?: unknown,
  ): DeviceError {
    this.#lost ??= new DeviceError(code, `Cannot use ${this.name}: ${what}`, {
      cause,
    });
    if (!this.#disposed) this.#lose(this.#lost);
    return this.#lost;
  }

  /** Gives the device back. */
  dispose(): void {
    this.#disposed = true;
    if (!this.#owned) return;
    pipelines.delete(this.device);
    this.device.destroy();
  }

  #pipeline(
    label: string,
    code: string,
    constants: Readonly<Record<string, number>>,
  ): GPUComputePipeline {
    const key = JSON.stringify([label, code, constants]);
    const compiled = pipelines.get(this.device) ??
      new Map<string, GPUComputePipeline>();
    pipelines.set(this.device, compiled);
    const known = compiled.get(key);
    if (known) return known;
    const module = this.device.createShaderModule({ label, code });
    const pipeline = this.device.createComputePipeline({
      label,
      layout: "auto",
      compute: { module, constants: { ...constants } },
    });
    compiled.set(key, pipeline);
    return pipeline;
  }
}
