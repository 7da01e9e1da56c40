import { actionSchema } from "@dbintel/attribute-actions";
import { conditionProblem, contextOf } from "@dbintel/condition";
import { unsupported } from "@dbintel/config";
import { signals } from "@dbintel/pdata";
import { z } from "zod";

/**
 * A condition may name what only one signal has, and the settings do not say which signals they will serve: it must be
 * right for one of them.
 */
const condition = z
  .string()
  .superRefine((expression, refinement) => {
    const problems = signals.map((signal) => conditionProblem(expression, contextOf[signal]));
    const [message] = problems;
    if (message === undefined || problems.includes(undefined)) return;
    refinement.addIssue({ code: "custom", message });
  })
  .optional()
  .describe("CEL condition; only items for which it is true are changed. Without it all are");

/** A key of the OpenTelemetry Collector that `condition` takes the place of. */
function replaced(expression: string) {
  const example = 'condition: resource.attributes["service.name"] == "shop"';
  return unsupported(`write condition: ${expression}, as in ${example}`);
}

/** Settings of the processor `attributes`; `actions` as in the OpenTelemetry Collector, `condition` is ours. */
export const attributesConfig = z.strictObject({
  actions: z.array(actionSchema).min(1).describe("Actions on the attributes of each item, carried out in this order"),
  condition,
  include: replaced("<CEL>"),
  exclude: replaced("!(<CEL>)"),
});

export type AttributesConfig = z.output<typeof attributesConfig>;
