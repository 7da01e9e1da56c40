import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { filter } from "./component.ts";

// One of the three items of each batch is dropped.
describeProcessorContract(filter, {
  config: {
    logs: { log_record: ['body == "second"'] },
    traces: { span: ['name == "span 2"'] },
    metrics: { datapoint: ["value == 2"] },
  },
});
