import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { deltaToCumulative } from "./component.ts";

describeProcessorContract(deltaToCumulative, { config: {} });
