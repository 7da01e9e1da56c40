import { unsupported } from "@dbintel/config";
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
  .meta({
    title: "text, number, boolean or a list of them",
    description: "Value to write; a whole number becomes an int, another number a double",
  });

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

/** The name of the action, described alike in all: of an alternative's key the README shows one description. */
function name<Name extends string>(action: Name) {
  return z.literal(action).describe("What to do; the actions are described with `@dbintel/attribute-actions`");
}

const from_context = unsupported("no request metadata travels with a batch; use value or from_attribute");

function writing<Name extends "insert" | "update" | "upsert">(action: Name) {
  return z
    .strictObject({
      key,
      action: name(action),
      value: value.optional(),
      from_attribute: z
        .string()
        .min(1)
        .optional()
        .describe("Name of the attribute whose value is copied; where it is absent nothing happens"),
      from_context,
    })
    .refine(({ value: given, from_attribute }) => (given === undefined) !== (from_attribute === undefined), {
      error: `${action} needs either value or from_attribute`,
    });
}

function selecting<Name extends "delete" | "hash">(action: Name) {
  return z
    .strictObject({
      key: key.optional(),
      action: name(action),
      pattern: pattern()
        .optional()
        .describe(
          "RE2 pattern: delete and hash mean all attributes in whose name it is found; extract takes its named groups",
        ),
    })
    .refine((given) => given.key !== undefined || given.pattern !== undefined, {
      error: `${action} needs key or pattern`,
    });
}

/** One action on attributes, with the keys of the OpenTelemetry Collector's attributes and resource processors. */
export const actionSchema = z.discriminatedUnion("action", [
  writing("insert"),
  writing("update"),
  writing("upsert"),
  selecting("delete"),
  selecting("hash"),
  z.strictObject({
    key,
    action: name("extract"),
    pattern: pattern(everyGroupNamed).describe("RE2 pattern whose groups all have names: (?P<name>…)"),
  }),
  z.strictObject({
    key,
    action: name("convert"),
    converted_type: z
      .enum(["int", "double", "string"])
      .describe("The type to convert to; a value that does not fit it stays as it is"),
  }),
]);

/** One action as the configuration gives it. */
export type Action = z.output<typeof actionSchema>;
