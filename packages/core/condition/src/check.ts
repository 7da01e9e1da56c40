import type { ASTNode } from "@marcbachmann/cel-js";
import { Environment, ParseError } from "@marcbachmann/cel-js";
import { checkFault, parseFault, readable, tooLarge } from "./check-fault.ts";
import { enumeration } from "./enumeration.ts";
import { fault } from "./fault.ts";
import type { Variable, VariableTable } from "./variable.ts";
import { limits } from "./vocabulary.ts";

const celTypes: Readonly<Record<Variable<never>["type"], string>> = {
  attributes: "map<string, dyn>",
  string: "string",
  bool: "bool",
  int: "int",
  duration: "google.protobuf.Duration",
  dyn: "dyn",
};

/** Parses and type-checks an expression; throws `DBI_CONDITION_SYNTAX`. */
export function check<T>(expression: string, table: VariableTable<T>): ASTNode {
  if (expression.length > limits.length) {
    throw fault({
      expression,
      range: { start: 0, end: 1 },
      problem: `the condition is longer than ${limits.length} characters`,
    });
  }
  const ast = parse(environment(table), expression);
  const result = ast.check();
  if (result.error !== undefined) throw checkFault(expression, result.error, table);
  if (result.type !== "bool" && result.type !== "dyn") {
    throw fault({
      expression,
      range: ast.ast,
      problem: `the condition is of type ${readable(result.type ?? "unknown")}, not bool`,
      hint: 'a condition is a test, such as attributes["db.system.name"] == "postgresql"',
    });
  }
  return ast.ast;
}

function parse(environment: Environment, expression: string): ReturnType<Environment["parse"]> {
  try {
    return environment.parse(expression);
  } catch (error) {
    if (error instanceof ParseError) throw parseFault(expression, error);
    // The parser bounds every nesting but that of ! and -, which ends at the stack.
    if (error instanceof RangeError) throw tooLarge(expression, { start: 0, end: 1 });
    throw error;
  }
}

/** The type checker's view of the variables: `resource.attributes` is the field `attributes` of `resource`. */
function environment<T>(table: VariableTable<T>): Environment {
  const made = new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: limits.maxAstNodes, maxDepth: limits.maxDepth, maxListElements: limits.maxListElements },
  });
  const groups = new Map<string, Record<string, string>>();
  for (const [name, { type }] of Object.entries(table)) {
    const [root = name, field] = name.split(".");
    if (field === undefined) made.registerVariable(root, celTypes[type]);
    else groups.set(root, { ...groups.get(root), [field]: celTypes[type] });
  }
  for (const [name, schema] of groups) made.registerVariable({ name, schema });
  for (const [name, value] of enumeration) made.registerConstant(name, "int", value);
  // The library declares double == int; CEL has the mirror image as well. Only the checker runs, never the handler.
  made.registerOperator("int == double", () => false);
  return made;
}
