import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { adaptiveSampler } from "./component.ts";

// One of the three items of each batch is dropped.
describeProcessorContract(adaptiveSampler, {
  config: {
    default_sample_rate: 1,
    minimum_per_key: 0,
    keep_always: { classes: [] },
    rules: [{ name: "none", condition: 'body == "second"', sample_rate: 0 }],
  },
});
