import type { z } from "zod";
import type { Diagnostic } from "./diagnostic.ts";
import { diagnose, unexplained } from "./issue.ts";
import { type ConfigNode, nodeAt } from "./node.ts";
import type { ConfigPath, Position } from "./position.ts";

/** A part of the configuration and the schema that it must fit. */
export interface SchemaCheck<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly node: ConfigNode;
  /** Where the part stands in the configuration. */
  readonly path: ConfigPath;
  /** Where to point at for what is missing in it: its key. */
  readonly position: Position;
}

export type SchemaResult<Output> =
  | {
      readonly ok: true;
      readonly value: Output;
      /** What the schema took: plain values as they are written, secrets included. */
      readonly input: unknown;
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * How a node is handed to the schema when its plain value does not fit: a variable's text where a string is
 * expected, a map without entries or nothing at all for a key that is written without a value.
 */
type Reading = "text" | "empty-map" | "absent";

/** Checks a part of the configuration, finding the reading of each value that its schema takes. */
export function checkSchema<Schema extends z.ZodType>({
  schema,
  node,
  path,
  position,
}: SchemaCheck<Schema>): SchemaResult<z.output<Schema>> {
  const readings = new Map<ConfigNode, Reading>();
  const tried = new Set<ConfigNode>();
  const parse = () => {
    const input = plainValue(node, readings);
    return { input, ...schema.safeParse(input, { error: unexplained }) };
  };
  let result = parse();
  while (!result.success) {
    const before = leaves(result.error.issues);
    const better = before.find((leaf) => {
      const candidate = nodeAt(node, leaf.path);
      if (candidate === undefined || tried.has(candidate)) return false;
      tried.add(candidate);
      return readingsOf(candidate, leaf).some(({ reading, fits }) => {
        readings.set(candidate, reading);
        const next = parse();
        if (!fits && !next.success && leaves(next.error.issues).length >= before.length) {
          readings.delete(candidate);
          return false;
        }
        result = next;
        return true;
      });
    });
    if (better === undefined) break;
  }
  if (result.success) return { ok: true, value: result.data, input: result.input };
  return { ok: false, diagnostics: diagnose(result.error.issues, { schema, node, path, position }) };
}

/** A value that a schema refused, and the type it asked for where that was the reason. */
interface Leaf {
  readonly path: ConfigPath;
  readonly expected?: string | undefined;
}

/** The issues of a check without their nesting: a union has those of each of its members. */
function leaves(issues: readonly z.core.$ZodIssue[], base: ConfigPath = []): readonly Leaf[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...(issue.path as ConfigPath)];
    if (issue.code === "unrecognized_keys") return issue.keys.map(() => ({ path }));
    if (issue.code !== "invalid_union" || issue.errors.length === 0) {
      return [{ path, expected: issue.code === "invalid_type" ? issue.expected : undefined }];
    }
    return issue.errors.flatMap((member) => leaves(member, path));
  });
}

/** `fits`: the reading has the type that was asked for, so that what is still wrong is worth saying. */
interface Candidate {
  readonly reading: Reading;
  readonly fits: boolean;
}

function readingsOf(node: ConfigNode, { expected }: Leaf): readonly Candidate[] {
  if (node.origin?.text !== undefined) {
    const typed = node.kind !== "scalar" || typeof node.value !== "string";
    return typed ? [{ reading: "text", fits: expected === "string" }] : [];
  }
  if (node.kind !== "scalar" || node.value !== null) return [];
  return [
    { reading: "empty-map", fits: expected === "object" || expected === "record" },
    { reading: "absent", fits: false },
  ];
}

function plainValue(node: ConfigNode, readings: ReadonlyMap<ConfigNode, Reading>): unknown {
  const reading = readings.get(node);
  if (reading === "text") return node.origin?.text;
  if (reading === "empty-map") return {};
  if (reading === "absent") return undefined;
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map((item) => plainValue(item, readings));
    case "map": {
      const result: Record<string, unknown> = {};
      for (const [key, { value }] of node.entries) {
        const plain = plainValue(value, readings);
        if (plain !== undefined) result[key] = plain;
      }
      return result;
    }
    case "broken":
      // Something that is there: whatever is said about it is left out of the findings.
      return null;
  }
}
