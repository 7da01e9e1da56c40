import { readIteratorOperation } from "./mysql-operation.ts";
import type { Actual, Estimate, NodeRole, Plan, PlanNode } from "./plan.ts";
import type { ReadContext } from "./read-context.ts";
import { ReadFailure } from "./read-failure.ts";

/** Begins each operation, behind four spaces per level. */
const arrow = "-> ";

/** Whether a text looks like MySQL's tree. */
export function isTree(text: string): boolean {
  return text.trimStart().startsWith(arrow);
}

/**
 * Reads MySQL's `EXPLAIN FORMAT=TREE` and `EXPLAIN ANALYZE`: a line per operation,
 * `-> description  (cost=1.2 rows=3) (actual time=0.1..0.2 rows=3 loops=1)`.
 */
export function readTreePlan(text: string, context: ReadContext): Plan {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const roots: OpenNode[] = [];
  const open: OpenNode[] = [];
  for (const line of lines) {
    const indent = line.length - line.trimStart().length;
    if (!line.startsWith(arrow, indent) || endsInString(line)) {
      // Constants are printed on one line. Guessing where this one ends could show a part of it.
      throw new ReadFailure("malformed", "a line is no operation, or a constant runs over its end");
    }
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
    context.enter(open.length + 1);
    const node: OpenNode = { indent, line: line.slice(indent + arrow.length).trimEnd(), children: [] };
    (open.at(-1)?.children ?? roots).push(node);
    open.push(node);
  }
  const [root, ...others] = roots;
  // Subqueries among the columns stand beside the root; they belong to it.
  if (root === undefined || others.some(({ line }) => !line.startsWith("Select #"))) {
    throw new ReadFailure("malformed", "the tree has no single root");
  }
  root.children.push(...others);
  return { dialect: "mysql", format: "mysql_tree", root: closed(root, "root", context) };
}

interface OpenNode {
  readonly indent: number;
  readonly line: string;
  readonly children: OpenNode[];
}

function closed(node: OpenNode, role: NodeRole, context: ReadContext): PlanNode {
  const { description, estimate, actual } = statisticsOf(node.line);
  const operation = readIteratorOperation(description, context);
  return {
    ...operation,
    role: operation.kind === "query" && role !== "root" ? "subplan" : role,
    keyParts: [],
    estimate,
    actual,
    children: node.children.map((child, position) => closed(child, position === 0 ? "outer" : "inner", context)),
  };
}

interface Statistics {
  readonly description: string;
  readonly estimate?: Estimate;
  readonly actual?: Actual;
}

/** Takes the brackets at the end of a line off, from the last to the first. */
function statisticsOf(line: string): Statistics {
  let description = line;
  let estimate: Estimate | undefined;
  let actual: Actual | undefined;
  for (;;) {
    const open = description.lastIndexOf("(");
    const inner = description.endsWith(")") && open >= 0 ? description.slice(open + 1, -1) : "";
    if (inner === "never executed") actual = { rows: 0, loops: 0 };
    else if (inner.startsWith("actual ")) actual = actualOf(inner);
    else if (inner.startsWith("cost=")) estimate = estimateOf(inner);
    else break;
    description = description.slice(0, open).trimEnd();
  }
  return {
    description,
    ...(estimate === undefined ? {} : { estimate }),
    ...(actual === undefined ? {} : { actual }),
  };
}

/** `cost=1.2 rows=3`; since 9.0 `cost=0.5..1.2`, the first row before the last. */
function estimateOf(text: string): Estimate {
  const [first, last] = rangeAfter(text, "cost=");
  return {
    rows: numberAfter(text, "rows="),
    startupCost: last === undefined ? undefined : first,
    totalCost: last ?? first,
  };
}

/** `actual time=0.1..0.2 rows=3 loops=1`; times are milliseconds per loop. */
function actualOf(text: string): Actual {
  const [startupMs, totalMs] = rangeAfter(text, "time=");
  return { rows: numberAfter(text, "rows=") ?? 0, loops: numberAfter(text, "loops=") ?? 1, startupMs, totalMs };
}

function wordAfter(text: string, label: string): string {
  const at = text.indexOf(label);
  if (at < 0) return "";
  const start = at + label.length;
  const space = text.indexOf(" ", start);
  return text.slice(start, space < 0 ? text.length : space);
}

function numberAfter(text: string, label: string): number | undefined {
  return finite(wordAfter(text, label));
}

function rangeAfter(text: string, label: string): readonly [number | undefined, number | undefined] {
  const word = wordAfter(text, label);
  const dots = word.indexOf("..");
  return dots < 0 ? [finite(word), undefined] : [finite(word.slice(0, dots)), finite(word.slice(dots + 2))];
}

function finite(word: string): number | undefined {
  const number = word === "" ? Number.NaN : Number(word);
  return Number.isFinite(number) ? number : undefined;
}

/** Whether a string or a quoted name is still open at the end of the line. */
function endsInString(line: string): boolean {
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (quote === "") {
      if (char === "'" || char === '"' || char === "`") quote = char;
    } else if (char === "\\" && quote !== "`") at++;
    else if (char === quote) quote = "";
  }
  return quote !== "";
}
