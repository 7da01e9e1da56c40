import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { circuitBreaker } from "./component.ts";

// The database of each sample batch is found; it may send as much as it likes.
describeProcessorContract(circuitBreaker, { config: { instance_attributes: ["service.name"] } });
describeProcessorContract(circuitBreaker, { config: { enable_adaptive_timeout: false, flood: { enabled: false } } });
