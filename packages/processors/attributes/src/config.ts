import { actionSchema } from "@dbintel/attribute-actions";
import { conditionText, contextOf } from "@dbintel/condition";
import { unsupported } from "@dbintel/config";
import { z } from "zod";

/** A key of the OpenTelemetry Collector that `condition` takes the place of. */
function replaced(expression: string) {
  const example = 'condition: resource.attributes["service.name"] == "shop"';
  return unsupported(`write condition: ${expression}, as in ${example}`);
}

/** Settings of the processor `attributes`; `actions` as in the OpenTelemetry Collector, `condition` is ours. */
export const attributesConfig = z.strictObject({
  actions: z.array(actionSchema).min(1).describe("Actions on the attributes of each item, carried out in this order"),
  condition: conditionText(...Object.values(contextOf))
    .optional()
    .describe("CEL condition; only items for which it is true are changed. Without it all are"),
  include: replaced("<CEL>"),
  exclude: replaced("!(<CEL>)"),
});

export type AttributesConfig = z.output<typeof attributesConfig>;
