import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { memoryLimiter } from "./component.ts";

describeProcessorContract(memoryLimiter, { config: { limit_percentage: 100, spike_limit_percentage: 1 } });
