import { describeProcessorContract } from "@dbintel/pipeline/testing/contracts";
import { resource } from "./component.ts";

describeProcessorContract(resource, {
  config: { attributes: [{ key: "service.name", action: "upsert", value: "renamed" }] },
});
