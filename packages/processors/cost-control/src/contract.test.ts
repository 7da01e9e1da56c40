import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { costControl } from "./component.ts";

describeProcessorContract(costControl, { config: { bytes_per_day: "1GB" } });
