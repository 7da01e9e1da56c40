import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { attributes } from "./component.ts";

describeProcessorContract(attributes, {
  config: {
    actions: [
      { key: "team", action: "upsert", value: "payments" },
      { key: "order", action: "hash" },
    ],
    condition: 'resource.attributes["service.name"] == "contract"',
  },
});
