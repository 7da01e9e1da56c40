import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { planAttributeExtractor } from "./component.ts";

describeProcessorContract(planAttributeExtractor);
