import { z } from "zod";
import { compilePattern, type Pattern } from "./pattern.ts";

const key = z.string().min(1).describe("Name of the attribute");

const scalar = z.union([z.string(), z.boolean(), z.number()], { error: "expected a text, a number or a boolean" });

const value = z
  .union([scalar, z.array(scalar)])
  // A YAML number beyond 2^53 is already rounded when it gets here.
  .refine((given) => [given].flat().every((part) => !Number.isInteger(part) || Number.isSafeInteger(part)), {
    error: 'the number is too large to be exact; write it as a text and add an action "convert" to int',
  })
  .describe("Value to write: a text, a boolean, a whole number (int), another number (double), or a list of them");

/** A text that compiles as a pattern and passes `check`, which returns what is wrong. */
function pattern(check: (compiled: Pattern) => string | undefined = () => undefined) {
  return z.string().superRefine((text, context) => {
    const problem = problemOf(text, check);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });
}

function problemOf(text: string, check: (compiled: Pattern) => string | undefined): string | undefined {
  try {
    return check(compilePattern(text));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function everyGroupNamed({ groups, names }: Pattern): string | undefined {
  if (groups > 0 && groups === names.length) return undefined;
  const fault = groups === 0 ? "the pattern has no group" : "a group of the pattern has no name";
  return `${fault}: write (?P<name>…) for a group that becomes an attribute, (?:…) for one that does not`;
}

/** A strict object that says of the collector's key `from_context` why it is not there. */
function actionObject<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" && issue.keys.includes("from_context")
        ? "from_context is not supported: no request metadata travels with a batch; use value or from_attribute"
        : undefined,
  });
}

function writing<Name extends "insert" | "update" | "upsert">(name: Name, description: string) {
  return actionObject({
    key,
    action: z.literal(name).describe(description),
    value: value.optional(),
    from_attribute: z
      .string()
      .min(1)
      .optional()
      .describe("Name of the attribute whose value is copied; where it is absent nothing happens"),
  }).refine((action) => (action.value === undefined) !== (action.from_attribute === undefined), {
    error: `${name} needs either value or from_attribute`,
  });
}

function selecting<Name extends "delete" | "hash">(name: Name, description: string) {
  return actionObject({
    key: key.optional(),
    action: z.literal(name).describe(description),
    pattern: pattern().optional().describe("RE2 pattern; every attribute in whose name it is found is meant as well"),
  }).refine((action) => action.key !== undefined || action.pattern !== undefined, {
    error: `${name} needs key or pattern`,
  });
}

/** One action on attributes, with the keys of the OpenTelemetry Collector's attributes and resource processors. */
export const actionSchema = z.discriminatedUnion("action", [
  writing("insert", "Adds the attribute where it is absent"),
  writing("update", "Changes the attribute where it is present"),
  writing("upsert", "Adds or changes the attribute"),
  selecting("delete", "Removes attributes"),
  selecting("hash", "Replaces values by their SHA-256 in hexadecimal digits"),
  actionObject({
    key,
    action: z
      .literal("extract")
      .describe("Writes what each named group of the pattern finds in the text of key as an attribute of that name"),
    pattern: pattern(everyGroupNamed).describe("RE2 pattern whose groups all have names: (?P<name>…)"),
  }),
  actionObject({
    key,
    action: z.literal("convert").describe("Changes the type; a value that does not fit the type stays as it is"),
    converted_type: z.enum(["int", "double", "string"]).describe("The type to convert to"),
  }),
]);

/** One action as the configuration gives it. */
export type Action = z.output<typeof actionSchema>;
