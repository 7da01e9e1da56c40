import { testProcessor } from "../../../test/components.ts";
import type { ComponentFactory, ProcessorDefinition } from "../../index.ts";
import { describeProcessorContract } from "./index.ts";

// The suites are proved on the components of the repository; here on the plainest one that keeps the contract.
const { definition } = testProcessor((batch) => {
  if (batch.signal !== "logs") return;
  for (const record of batch.records()) if (record.body === "second") record.drop("unwanted");
});
const factory: ComponentFactory<ProcessorDefinition> = Object.assign(() => ({ definition, config: {} }), {
  definition,
});

describeProcessorContract(factory);
