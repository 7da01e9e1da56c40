import fc from "fast-check";
import { expect, it } from "vitest";
import { planAttributes } from "./attributes.ts";
import { describeDifferences } from "./diff-text.ts";
import { findingsOf } from "./findings/findings.ts";
import { diffPlans } from "./plan-diff.ts";
import { readPlan } from "./reading.ts";

const secretWord = "zqsecretqz";
const secretNumber = "9078051120";
const other = readPlan('{"Plan": {"Node Type": "Result"}}');

/** Everything that the package gives of a plan, or why it gave none. */
function emitted(text: string): string {
  const { plan, reason, message } = readPlan(text);
  if (plan === undefined) return `${reason} ${message}`;
  const differences = other.plan === undefined ? [] : [...diffPlans(plan, other.plan), ...diffPlans(other.plan, plan)];
  const attributes = Object.fromEntries(planAttributes(plan));
  const findings = findingsOf(plan, { sequentialScanRows: 0, loops: 0, discardedRows: 0, discardedShare: 0 });
  return JSON.stringify([plan, attributes, findings, differences, describeDifferences(differences)]);
}

function expectNoSecret(text: string): void {
  const shown = emitted(text);
  expect(shown).not.toContain(secretWord);
  expect(shown).not.toContain(secretNumber);
}

const filler = fc.constantFrom(
  "",
  " ",
  "x",
  "é",
  " -- ",
  "/*",
  "\\\\",
  ") (",
  '"',
  "`",
  "-> ",
  "  (cost=1)",
  "?",
  "$1",
  "%",
);
const inner = fc.tuple(filler, fc.constantFrom(secretWord, secretNumber), filler).map((parts) => parts.join(""));
const quoted = inner.map((text) => `'${text.replaceAll("'", "''")}'`);
const postgresqlConstant = fc.oneof(
  quoted,
  quoted.map((text) => `${text}::text`),
  quoted.map((text) => `E${text}`),
  fc.constant(secretNumber),
  fc.constant(`'{${secretNumber},${secretWord}}'::text[]`),
  fc.constant(`'-${secretNumber}'::integer`),
);
const mysqlConstant = fc.oneof(
  quoted,
  fc.constant(secretNumber),
  fc.constant(`DATE'${secretNumber}'`),
  quoted.map((text) => `_utf8mb4${text}`),
);

function conditionOf(constant: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const one = fc.tuple(fc.constantFrom("(a = ", "(b.c > ", "(f(x) ~~ ", "(d IN ("), constant);
  const whole = one.map(([left, value]) => `${left}${value}${left.endsWith("IN (") ? "))" : ")"}`);
  return fc.oneof(
    whole,
    fc.array(whole, { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(" AND ")})`),
  );
}

/** Members that hold expressions, and some that no server writes. */
const postgresqlMembers = [
  "Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "One-Time Filter", "TID Cond",
  "Order By", "Output", "Sort Key", "Presorted Key", "Group Key", "Cache Key", "Run Condition", "Conflict Filter",
  "Function Call", "Table Function Call", "Remote SQL", "Window", "Grouping Sets", "Foreign File", "Sampling Parameters",
  "Repeatable Seed", "Something New", "Strategy", "Join Type", "Command", "Operation", "Partial Mode", "Sort Method",
  "Storage", "Parent Relationship", "Settings", "Triggers", "Query Text", "Planning",
]; // biome-ignore format: a list to be read

const mysqlMembers = [
  "attached_condition", "index_condition", "index_condition_bka", "pushed_condition", "having_condition", "sort_key",
  "message", "condition", "operation_text", "ranges", "used_columns", "ref", "join_type", "using_join_buffer",
  "first_match", "access_type", "something_new", "filter_columns", "rowid_filter", "buffer_type",
]; // biome-ignore format: a list to be read

function objectWith(members: readonly string[], condition: fc.Arbitrary<string>): fc.Arbitrary<object> {
  const value = fc.oneof(
    condition,
    fc.array(condition, { minLength: 1, maxLength: 2 }),
    condition.map((text) => [{ "Group Keys": [[text]], "Hash Keys": [text], unknown: text }]),
  );
  return fc.dictionary(fc.constantFrom(...members), value, { minKeys: 1, maxKeys: 6, noNullPrototype: true });
}

it("shows no constant of a plan of PostgreSQL, in whatever member it stands", () => {
  const condition = conditionOf(postgresqlConstant);
  const types = fc.constantFrom("Seq Scan", "Index Scan", "Hash Join", "Nested Loop", "Sort", "Aggregate", "Append");
  const node = (below: readonly object[]) =>
    fc.tuple(types, objectWith(postgresqlMembers, condition)).map(([type, members]) => ({
      ...members,
      "Node Type": type,
      "Actual Rows": 5,
      "Actual Loops": 5,
      "Rows Removed by Filter": 50,
      Plans: below,
    }));
  const tree = fc.array(node([]), { minLength: 1, maxLength: 3 }).chain((below) => node(below));
  fc.assert(
    fc.property(tree, objectWith(postgresqlMembers, condition), (plan, document) => {
      expectNoSecret(JSON.stringify({ ...document, Plan: plan }));
      expectNoSecret(JSON.stringify([{ ...document, Plan: plan }]));
    }),
    { numRuns: 250 },
  );
});

it("shows no constant of a plan of MySQL or MariaDB, in whatever member it stands", () => {
  const members = objectWith(mysqlMembers, conditionOf(mysqlConstant));
  fc.assert(
    fc.property(members, members, members, (table, join, block) => {
      const nested = { "block-nl-join": { ...join, table: { ...table, table_name: "b" } } };
      const plan = { ...block, nested_loop: [{ table: { ...table, table_name: "a", rows: 1 } }, nested] };
      expectNoSecret(JSON.stringify({ ...block, query_block: { ...join, filesort: plan } }));
    }),
    { numRuns: 250 },
  );
});

it("shows no constant of MySQL's iterators, as a tree and as JSON", () => {
  const condition = conditionOf(mysqlConstant);
  const line = fc.oneof(
    condition.map((text) => `Filter: ${text}`),
    condition.map((text) => `Inner hash join ${text}, extra conditions: ${text}`),
    condition.map((text) => `Nested loop inner join ${text}`),
    condition.map((text) => `Index lookup on t using i ${text}, with index condition: ${text}`),
    condition.map((text) => `Index range scan on t using i over ${text} (reverse)`),
    condition.map((text) => `Sort: concat(a, ${text}), limit input to ${secretNumber} row(s) per chunk`),
    condition.map((text) => `Aggregate: max(${text})`),
    condition.map((text) => `Something of later: ${text}`),
    fc.constant(`Limit/Offset: ${secretNumber}/${secretNumber} row(s)`),
  );
  fc.assert(
    fc.property(line, line, condition, (first, second, text) => {
      expectNoSecret(`-> ${first}  (cost=1.5 rows=3)\n    -> ${second}  (actual time=0.1..0.2 rows=3 loops=1)\n`);
      const inputs = [{ operation: second, condition: text, heading: `Select #2 ${text}`, unknown: text }];
      expectNoSecret(
        JSON.stringify({ query: `select ${text}`, query_plan: { operation: first, ranges: [text], inputs } }),
      );
    }),
    { numRuns: 250 },
  );
});

it("shows none of a text that is cut off or is no plan at all", () => {
  const text = JSON.stringify([{ Plan: { "Node Type": "Seq Scan", Filter: `(a = '${secretWord}')` } }]);
  for (let length = 0; length < text.length; length++) expectNoSecret(text.slice(0, length));
  const tree = `-> Filter: (a = '${secretWord}')\n    -> Table scan on t`;
  for (let length = 0; length < tree.length; length++) expectNoSecret(tree.slice(0, length));
});

it("never fails, whatever JSON it is given", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom("Plan", "query_block", "query_plan", "operation"), (json, name) => {
      expect(emitted(`{"${name}": ${json}}`)).not.toBe("");
      expect(emitted(`{"Plan": {"Node Type": ${json}, "Plans": ${json}, "Filter": ${json}}}`)).not.toBe("");
    }),
    { numRuns: 250 },
  );
});
