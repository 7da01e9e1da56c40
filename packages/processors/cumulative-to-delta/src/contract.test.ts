import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { cumulativeToDelta } from "./component.ts";

describeProcessorContract(cumulativeToDelta, { config: { initial_value: "keep" } });
