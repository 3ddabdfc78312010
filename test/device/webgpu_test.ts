import { openWebGpu } from "../../src/device/webgpu/webgpu_device.ts";
import { conformance } from "./conformance.ts";

conformance("webgpu", () => openWebGpu({ force: true }));
