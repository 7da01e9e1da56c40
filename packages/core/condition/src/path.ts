import type { ASTNode } from "@marcbachmann/cel-js";
import type { Owner } from "./expression.ts";
import { refusal } from "./fault.ts";
import type { VariableTable } from "./variable.ts";

/** The names of a chain such as `resource.attributes.name`; `undefined` when it does not begin with a name. */
export function pathOf(node: ASTNode): readonly string[] | undefined {
  if (node.op === "id") return [node.args];
  if (node.op !== ".") return undefined;
  const path = pathOf(node.args[0]);
  return path === undefined ? undefined : [...path, node.args[1]];
}

/** The attributes that a node names as a whole: `attributes`, `resource.attributes`, `scope.attributes`. */
export function ownerOf<T>(node: ASTNode, table: VariableTable<T>): Owner<T> | undefined {
  const variable = table[pathOf(node)?.join(".") ?? ""];
  return variable?.type === "attributes" ? variable.read : undefined;
}

/**
 * `attributes.db.system` is CEL for `attributes["db"]["system"]` and would silently match nothing, because what
 * people mean is the attribute "db.system".
 */
export function refuseDottedName<T>(node: ASTNode, table: VariableTable<T>): void {
  const path = pathOf(node);
  if (path === undefined) return;
  const depth = path.findIndex((_, index) => table[path.slice(0, index + 1).join(".")]?.type === "attributes") + 1;
  if (depth === 0 || path.length <= depth + 1) return;
  const owner = path.slice(0, depth).join(".");
  const name = path.slice(depth).join(".");
  throw refusal(
    node,
    `${path.join(".")} looks for a map inside the attribute "${path[depth]}"`,
    `for the attribute "${name}" write ${owner}["${name}"], for the map ${owner}["${path[depth]}"]${path
      .slice(depth + 1)
      .map((part) => `["${part}"]`)
      .join("")}`,
  );
}
