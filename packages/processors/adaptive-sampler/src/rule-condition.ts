import { conditionText } from "@dbintel/condition";
import { z } from "zod";

const operators = ["eq", "ne", "gt", "gte", "lt", "lte", "contains", "exists"] as const;

const symbols = { eq: "==", ne: "!=", gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

/** The list form of a condition, as older configurations have it. */
const comparison = z
  .strictObject({
    attribute: z.string().min(1).describe("Attribute of the item"),
    operator: z.enum(operators).describe("How it is compared"),
    value: z
      .union([z.string(), z.number(), z.boolean()])
      .optional()
      .describe("What it is compared with; none for `exists`"),
  })
  .superRefine(({ operator, value }, refinement) => {
    const wrong = (message: string) => refinement.addIssue({ code: "custom", path: ["value"], message });
    if (operator === "exists") {
      if (value !== undefined) wrong("exists takes no value");
    } else if (value === undefined) {
      wrong(`${operator} needs a value`);
    } else if (operator === "contains") {
      if (typeof value !== "string") wrong("contains needs a text");
    } else if (operator !== "eq" && operator !== "ne" && typeof value !== "number") {
      wrong(`${operator} needs a number`);
    }
  });

type Comparison = z.output<typeof comparison>;

/** The same in CEL, where an attribute that is absent has no answer and so does not match. */
export function celOf(list: readonly Comparison[]): string {
  return list.map(celOfOne).join(" && ");
}

function celOfOne({ attribute, operator, value }: Comparison): string {
  const name = JSON.stringify(attribute);
  if (operator === "exists") return `${name} in attributes`;
  const literal = JSON.stringify(value);
  if (operator === "contains") return `attributes[${name}].contains(${literal})`;
  return `attributes[${name}] ${symbols[operator]} ${literal}`;
}

/** A CEL expression of a log record or a span. */
export const celCondition = conditionText("log", "span");

/** At least one comparison. */
export const comparisons = z.array(comparison).min(1);
