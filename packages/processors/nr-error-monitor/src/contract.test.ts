import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { nrErrorMonitor } from "./component.ts";

describeProcessorContract(nrErrorMonitor, { config: {} });
