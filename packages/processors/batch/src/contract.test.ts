import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { batch } from "./component.ts";

describeProcessorContract(batch);
