import { Lexer } from "@dbintel/sql";
import type { Json } from "./members.ts";
import { operationKinds } from "./postgresql.ts";

/** An operation in the making: a JSON object as `EXPLAIN (FORMAT JSON)` writes it. */
type Operation = { [name: string]: Json | Operation[] | undefined };

interface Open {
  readonly indent: number;
  readonly operation: Operation;
}

/** `  ->  Seq Scan on orders  (cost=0.00..1.10 rows=10 width=4) (actual time=0.010..0.020 rows=10 loops=1)` */
const operationLine =
  /^( *)(?:-> {2})?([^\s].{0,2000}?) {2}\(cost=(\d+\.\d+)\.\.(\d+\.\d+) rows=(\d+) width=(\d+)\)(?: \((?:actual (?:time=(\d+\.\d+)\.\.(\d+\.\d+) )?rows=(\d+(?:\.\d+)?) loops=(\d+)|never executed)\))?$/;
/** The same with `EXPLAIN (COSTS OFF)`, as pg_stat_plans keeps it; the first line has no arrow. */
const bareOperationLine = /^( *)-> {2}([^\s].{0,2000})$/;
const subplanLine = /^( *)((?:InitPlan|SubPlan) \d+(?: \(returns [^()]{1,200}\))?|CTE .{1,200})$/;
const memberLine = /^( *)([A-Z][A-Za-z -]{1,40}): ([\s\S]+)$/;

/** Whether a text has operations as `EXPLAIN (FORMAT TEXT)` shows them. */
export function isPostgresqlText(text: string): boolean {
  return /\(cost=\d+\.\d+\.\.\d+\.\d+ rows=\d+ width=\d+\)/.test(text);
}

/** Whether a text begins with an operation as `EXPLAIN (COSTS OFF)` shows it, and goes on with what belongs to it. */
export function isBarePostgresqlText(text: string): boolean {
  const [first = "", second = " "] = text.split("\n", 2);
  return first.length <= 2000 && second.startsWith(" ") && isOperation(described(first)["Node Type"]);
}

function isOperation(type: Operation[string]): boolean {
  return typeof type === "string" && operationKinds.has(type);
}

/**
 * The document that `EXPLAIN (FORMAT JSON)` would have written, from what `EXPLAIN (FORMAT TEXT)` or auto_explain writes by
 * default: as far as text tells it. Members that a plan is not read from are left out.
 */
export function postgresqlDocument(text: string): Json {
  const document: { [name: string]: Json } = {};
  const lines = linesOf(text);
  const withCosts = lines.findIndex((line) => operationLine.test(line));
  const first = withCosts < 0 && isBarePostgresqlText(text) ? 0 : withCosts;
  if (first < 0) return document;
  const query = queryTextIn(lines.slice(0, first));
  if (query !== undefined) document["Query Text"] = query;
  const root = operationsOf(lines.slice(first), document);
  if (root !== undefined) document.Plan = finished(root);
  return document;
}

/** The lines, where one ends that is not within a constant, a name or a comment: what stands there is no operation. */
function linesOf(text: string): readonly string[] {
  const lexer = new Lexer(text, { dialect: "postgresql" });
  const lines: string[] = [];
  let start = 0;
  let at = 0;
  const endLines = (until: number) => {
    for (let end = text.indexOf("\n", at); end >= 0 && end < until; end = text.indexOf("\n", end + 1)) {
      lines.push(text.slice(start, end));
      start = end + 1;
    }
  };
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    // Between tokens there is nothing but white space.
    const begin = text.indexOf(token.text, at);
    endLines(begin);
    // A comment to the end of its line may have that end in it.
    at = begin + token.text.replace(/\n$/, "").length;
  }
  endLines(text.length);
  return [...lines, text.slice(start)];
}

/** auto_explain puts the statement before the plan, and the parameters behind it. */
function queryTextIn(lines: readonly string[]): string | undefined {
  const start = lines.findIndex((line) => line.startsWith("Query Text: "));
  if (start < 0) return undefined;
  const end = lines.findIndex((line, index) => index > start && line.startsWith("Query Parameters: "));
  return lines
    .slice(start, end < 0 ? undefined : end)
    .join("\n")
    .slice("Query Text: ".length);
}

function operationsOf(lines: readonly string[], document: { [name: string]: Json }): Operation | undefined {
  const open: Open[] = [];
  let root: Operation | undefined;
  let subplan: string | undefined;
  const withCosts = lines.some((line) => operationLine.test(line));
  for (const [index, line] of lines.entries()) {
    const found = withCosts ? operationLine.exec(line) : bareOperation(line, index === 0);
    const heading = found === null ? subplanLine.exec(line) : null;
    if (found !== null) {
      const indent = found[1]?.length ?? 0;
      while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
      const operation = operationOf(found);
      const above = open.at(-1)?.operation;
      if (above === undefined) {
        // A second plan would be another statement's, of a rule: the first stands for all.
        if (root !== undefined) break;
        root = operation;
      } else {
        relate(operation, above, subplan);
        childrenOf(above).push(operation);
      }
      subplan = undefined;
      open.push({ indent, operation });
    } else if (heading !== null) {
      const indent = heading[1]?.length ?? 0;
      while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
      subplan = heading[2];
    } else readMember(line, open, document);
  }
  return root;
}

function bareOperation(line: string, isFirst: boolean): RegExpExecArray | null {
  return isFirst ? /^()(.+)$/.exec(line) : bareOperationLine.exec(line);
}

function childrenOf(operation: Operation): Operation[] {
  const known = operation.Plans;
  if (isOperations(known)) return known;
  const children: Operation[] = [];
  operation.Plans = children;
  return children;
}

function isOperations(value: Operation[string]): value is Operation[] {
  return Array.isArray(value);
}

const memberParents = new Set(["Append", "Merge Append", "BitmapAnd", "BitmapOr"]);

function relate(operation: Operation, above: Operation, subplan: string | undefined): void {
  if (subplan !== undefined) {
    operation["Parent Relationship"] = subplan.startsWith("SubPlan") ? "SubPlan" : "InitPlan";
    operation["Subplan Name"] = subplan;
    return;
  }
  const type = String(above["Node Type"]);
  if (memberParents.has(type)) operation["Parent Relationship"] = "Member";
  else {
    const inputs = childrenOf(above).filter((child) => child["Subplan Name"] === undefined);
    operation["Parent Relationship"] = inputs.length === 0 ? "Outer" : "Inner";
  }
}

function operationOf(found: RegExpExecArray): Operation {
  const [, , label = "", startup, total, rows, width, actualStartup, actualTotal, actualRows, loops] = found;
  const numbers: Operation =
    total === undefined
      ? {}
      : {
          "Startup Cost": Number(startup),
          "Total Cost": Number(total),
          "Plan Rows": Number(rows),
          "Plan Width": Number(width),
        };
  if (actualTotal !== undefined) {
    numbers["Actual Startup Time"] = Number(actualStartup);
    numbers["Actual Total Time"] = Number(actualTotal);
  }
  if (loops !== undefined) {
    numbers["Actual Rows"] = Number(actualRows);
    numbers["Actual Loops"] = Number(loops);
  } else if (found[0].endsWith("(never executed)")) {
    numbers["Actual Rows"] = 0;
    numbers["Actual Loops"] = 0;
    numbers["Actual Startup Time"] = 0;
    numbers["Actual Total Time"] = 0;
  }
  return { ...described(label.replace(/^(?:Async )?(?:Parallel )?/, "")), ...numbers };
}

const strategies: Readonly<Record<string, string>> = { "": "Plain", Group: "Sorted", Hash: "Hashed", Mixed: "Mixed" };
/** What an operation on something calls it. */
const targets: Readonly<Record<string, string>> = {
  "CTE Scan": "CTE Name",
  "WorkTable Scan": "CTE Name",
  "Function Scan": "Function Name",
  "Table Function Scan": "Table Function Name",
  "Named Tuplestore Scan": "Tuplestore Name",
};

/** The type of an operation and what its first line says beside it. */
function described(label: string): Operation {
  const join = /^(Nested Loop|Merge|Hash)(?: (Left|Full|Right Semi|Right Anti|Right|Semi|Anti))?(?: Join)?$/.exec(
    label,
  );
  if (join !== null && (label === "Nested Loop" || label.endsWith(" Join"))) {
    const type = join[1] === "Nested Loop" ? "Nested Loop" : `${join[1]} Join`;
    return { "Node Type": type, "Join Type": join[2] ?? "Inner" };
  }
  const aggregate = /^(?:(Partial|Finalize) )?(Group|Hash|Mixed|)Aggregate$/.exec(label);
  if (aggregate !== null) {
    const strategy = strategies[aggregate[2] ?? ""] ?? "Plain";
    return { "Node Type": "Aggregate", Strategy: strategy, "Partial Mode": aggregate[1] ?? "Simple" };
  }
  const set = /^(Hash)?SetOp (.+)$/.exec(label);
  if (set !== null) {
    return { "Node Type": "SetOp", Strategy: set[1] === undefined ? "Sorted" : "Hashed", Command: set[2] ?? "" };
  }
  const modify = /^(Insert|Update|Delete|Merge) on (.+)$/.exec(label);
  if (modify !== null)
    return { "Node Type": "ModifyTable", Operation: modify[1], ...target(modify[2], "Relation Name") };
  const index = /^(Index(?: Only)? Scan)(?: Backward)? using ("(?:[^"]|"")+"|[^\s"]+) on (.+)$/.exec(label);
  if (index !== null) {
    return { "Node Type": index[1], "Index Name": unquoted(index[2]), ...target(index[3], "Relation Name") };
  }
  const on = /^([A-Z][A-Za-z ]+?(?: \([^()]{1,100}\))?) on (.+)$/.exec(label);
  if (on === null) return { "Node Type": label };
  const [, type = "", what] = on;
  if (type === "Bitmap Index Scan") return { "Node Type": type, "Index Name": unquoted(what) };
  if (type === "Subquery Scan" || type === "Values Scan") return { "Node Type": type, Alias: unquoted(what) };
  return { "Node Type": type.replace(/ \(.*$/, ""), ...target(what, targets[type] ?? "Relation Name") };
}

/** `schema.name alias`, each of them perhaps in double quotes. */
function target(text: string | undefined, member: string): Operation {
  const names = /^(?:("(?:[^"]|"")+"|[^\s".]+)\.)?("(?:[^"]|"")+"|[^\s"]+)(?: (.+))?$/.exec(text ?? "");
  if (names === null) return {};
  const name = unquoted(names[2]);
  return {
    [member]: name,
    ...(names[1] === undefined ? {} : { Schema: unquoted(names[1]) }),
    Alias: names[3] === undefined ? name : unquoted(names[3]),
  };
}

function unquoted(name: string | undefined): string {
  const text = name ?? "";
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** Members that are lists of expressions. */
const lists = new Set(["Sort Key", "Group Key", "Hash Key"]);
const numbers = new Set([
  "Rows Removed by Filter",
  "Rows Removed by Join Filter",
  "Rows Removed by Index Recheck",
  "Heap Fetches",
  "Workers Planned",
  "Workers Launched",
]);

function readMember(line: string, open: readonly Open[], document: { [name: string]: Json }): void {
  const [, indent = "", name = "", value = ""] = memberLine.exec(line) ?? [];
  const times = /^(\d+\.\d+) ms$/.exec(value)?.[1];
  if (indent === "" && name === "Query Identifier") document[name] = value;
  if (indent === "" && (name === "Planning Time" || name === "Execution Time")) document[name] = Number(times);
  const owner = open.findLast((each) => each.indent < indent.length)?.operation;
  if (name === "" || indent === "" || owner === undefined || owner !== open.at(-1)?.operation) return;
  if (name === "Buffers") Object.assign(owner, buffersOf(value));
  else if (name === "Sort Method") Object.assign(owner, sortSpaceOf(value));
  else if (name === "Buckets" || name === "Batches") Object.assign(owner, hashSpaceOf(line));
  else if (name === "Heap Blocks") owner["Lossy Heap Blocks"] = Number(/lossy=(\d+)/.exec(value)?.[1] ?? 0);
  else if (numbers.has(name)) owner[name] = Number.parseFloat(value);
  else if (lists.has(name)) addKeys(owner, name, expressionsIn(value));
  else owner[name] ??= value;
}

/** Grouping sets have a line each, by hashing or after a sort; that of all rows, `()`, has no keys. */
function addKeys(owner: Operation, name: string, keys: string[]): void {
  const member = owner["Node Type"] === "Aggregate" ? "Group Key" : name;
  const before = owner[member];
  const all: Json[] = Array.isArray(before) ? before.filter((key) => typeof key === "string") : [];
  owner[member] = [...all, ...keys.filter((key) => key !== "()")];
}

/** Expressions stand between commas that are in no bracket and no quotes. */
function expressionsIn(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (character === "(" || character === "[") depth++;
    else if (character === ")" || character === "]") depth--;
    else if (character === "," && depth === 0) {
      found.push(text.slice(start, at));
      start = at + 2;
    }
  }
  return [...found, text.slice(start)];
}

/** `shared hit=1 read=2 dirtied=3 written=4, temp read=5 written=6`; what is 0 is not shown. */
function buffersOf(text: string): Operation {
  const found: Operation = {};
  for (const kind of ["Shared", "Temp"]) {
    const part = text.split(", ").find((each) => each.startsWith(`${kind.toLowerCase()} `)) ?? "";
    for (const verb of ["Hit", "Read", "Dirtied", "Written"]) {
      const blocks = new RegExp(`\\b${verb.toLowerCase()}=(\\d+)`).exec(part)?.[1];
      found[`${kind} ${verb} Blocks`] = Number(blocks ?? 0);
    }
  }
  return found;
}

/** `quicksort  Memory: 25kB`, `external merge  Disk: 1024kB` */
function sortSpaceOf(text: string): Operation {
  const found = / {2}(Memory|Disk): (\d+)kB/.exec(text);
  return found === null ? {} : { "Sort Space Used": Number(found[2]), "Sort Space Type": found[1] };
}

/** `Buckets: 1024  Batches: 1  Memory Usage: 9kB`, of an aggregate without buckets and with `Disk Usage: 0kB` */
function hashSpaceOf(line: string): Operation {
  const number = (pattern: RegExp) => {
    const found = pattern.exec(line)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const batches = number(/\bBatches: (\d+)/);
  return {
    [line.includes("Buckets: ") ? "Hash Batches" : "HashAgg Batches"]: batches,
    "Peak Memory Usage": number(/\bMemory Usage: (\d+)kB/),
    "Disk Usage": number(/\bDisk Usage: (\d+)kB/),
  };
}

/** Without what is not there. */
function finished(operation: Operation): Json {
  const members: [string, Json][] = [];
  for (const [name, value] of Object.entries(operation)) {
    if (value === undefined) continue;
    if (name === "Plans" && isOperations(value)) members.push([name, value.map(finished)]);
    else members.push([name, value as Json]);
  }
  return Object.fromEntries(members);
}
