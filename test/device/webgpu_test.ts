import { sharedWebGpu } from "../support/shared_webgpu.ts";
import { conformance } from "./conformance.ts";

conformance("webgpu", sharedWebGpu);
