import { actionSchema } from "@dbintel/attribute-actions";
import { conditionProblem, contextOf } from "@dbintel/condition";
import { signals } from "@dbintel/pdata";
import { z } from "zod";

/**
 * A condition may name what only one signal has, and the settings do not say which signals they will serve: here it
 * must be right for one of them, and the processor of a pipeline compiles it for the pipeline's own.
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

/** Settings of the processor `attributes`; `actions` as in the OpenTelemetry Collector, `condition` is ours. */
export const attributesConfig = z.strictObject(
  {
    actions: z.array(actionSchema).min(1).describe("Actions on the attributes of each item, carried out in this order"),
    condition,
  },
  {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return undefined;
      const key = issue.keys.find((name) => name === "include" || name === "exclude");
      return key === undefined
        ? undefined
        : `${key} is not supported: write condition: ${key === "include" ? "<CEL>" : "!(<CEL>)"}, such as 'resource.attributes["service.name"] == "shop"'`;
    },
  },
);

export type AttributesConfig = z.output<typeof attributesConfig>;
