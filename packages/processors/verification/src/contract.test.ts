import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { verification } from "./component.ts";

describeProcessorContract(verification);
