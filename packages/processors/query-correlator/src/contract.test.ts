import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { queryCorrelator } from "./component.ts";

describeProcessorContract(queryCorrelator);
