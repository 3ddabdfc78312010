import { briefConformance } from "../device/conformance.ts";
import { sharedWebGpu } from "../support/shared_webgpu.ts";

briefConformance("webgpu", sharedWebGpu);
