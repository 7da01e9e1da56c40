import { describe, expect, it } from "vitest";
import { planAttributes } from "./attributes.ts";
import { describeDifferences } from "./diff-text.ts";
import { findingsOf } from "./findings/findings.ts";
import { nodesOf, type Plan } from "./plan.ts";
import { diffPlans } from "./plan-diff.ts";
import { planHashes } from "./plan-hash.ts";
import { readPlan } from "./reading.ts";

function planOf(value: unknown): Plan {
  const { plan, message } = readPlan(typeof value === "string" ? value : JSON.stringify(value));
  if (plan === undefined) throw new Error(message);
  return plan;
}

/** A join as MySQL 8.0 writes it in version 1 of its JSON. */
function version1({ region = "'north'", key = "orders_customer", cost = "74.32" } = {}): unknown {
  return {
    query_block: {
      select_id: 1,
      cost_info: { query_cost: cost },
      ordering_operation: {
        using_filesort: true,
        nested_loop: [
          {
            table: {
              table_name: "c",
              access_type: "ALL",
              possible_keys: ["PRIMARY"],
              rows_examined_per_scan: 2000,
              rows_produced_per_join: 200,
              filtered: "10.00",
              cost_info: { read_cost: "180.2", eval_cost: "20.00", prefix_cost: "200.25", data_read_per_join: "62K" },
              used_columns: ["id", "region"],
              attached_condition: `(\`shop\`.\`c\`.\`region\` = ${region})`,
            },
          },
          {
            table: {
              table_name: "o",
              access_type: key === "" ? "ALL" : "ref",
              ...(key === "" ? { using_join_buffer: "Block Nested Loop" } : { key, used_key_parts: ["customer_id"] }),
              ref: ["shop.c.id"],
              rows_examined_per_scan: 10,
              filtered: "100.00",
              cost_info: { prefix_cost: "900.00" },
            },
          },
        ],
      },
    },
  };
}

describe("MySQL's JSON, version 1", () => {
  it("is read into a tree", () => {
    const plan = planOf(version1());
    expect(plan).toMatchObject({ dialect: "mysql", format: "mysql_json_v1" });
    expect([...nodesOf(plan.root)].map(({ operation, kind, relation }) => [operation, kind, relation])).toEqual([
      ["query_block", "query", undefined],
      ["ordering_operation", "sort", undefined],
      ["nested_loop", "nested_loop", undefined],
      ["ALL", "sequential_scan", "c"],
      ["ref", "index_scan", "o"],
    ]);
    expect(planAttributes(plan).get("db.query.plan.cost")).toBe(74.32);
    const [, , , customer] = [...nodesOf(plan.root)];
    expect(customer).toMatchObject({
      estimate: { examinedRows: 2000, rows: 200, totalCost: 200.25 },
      conditions: [{ role: "filter", text: "(`shop`.`c`.`region` = ?)" }],
    });
  });

  it("has the same hashes with other constants and costs, others without the index", () => {
    const hashes = planHashes(planOf(version1()));
    expect(planHashes(planOf(version1({ region: "'it\\'s'", cost: "1.00" })))).toEqual(hashes);
    expect(planHashes(planOf(version1({ key: "" }))).shape).not.toBe(hashes.shape);
    expect(planHashes(planOf(version1({ key: "other" }))).shape).not.toBe(hashes.shape);
  });

  it("shows a join without an index, and its loss in words", () => {
    const [before, after] = [planOf(version1()), planOf(version1({ key: "" }))];
    expect(findingsOf(before).map(({ id }) => id)).toEqual([]);
    expect(findingsOf(after).map(({ id, relation }) => [id, relation])).toContainEqual(["join_without_index", "o"]);
    expect(describeDifferences(diffPlans(before, after))).toBe(
      "o: ref using orders_customer became ALL (no longer uses orders_customer)",
    );
  });

  it("is read with unions, derived tables and subqueries", () => {
    const block = { select_id: 2, table: { table_name: "t", access_type: "index", key: "k", using_index: true } };
    const plan = planOf({
      query_block: {
        union_result: {
          using_temporary_table: true,
          table_name: "<union1,2>",
          query_specifications: [
            { dependent: false, cacheable: true, query_block: block },
            {
              query_block: {
                select_id: 3,
                cost_info: { query_cost: "1.00" },
                table: {
                  table_name: "<derived4>",
                  access_type: "ALL",
                  materialized_from_subquery: { using_temporary_table: true, query_block: block },
                  attached_subqueries: [{ dependent: true, query_block: block }],
                },
              },
            },
          ],
        },
      },
    });
    expect([...nodesOf(plan.root)].map(({ operation, kind, role }) => [operation, kind, role])).toEqual([
      ["query_block", "query", "root"],
      ["union_result", "set_operation", "outer"],
      ["query_block", "query", "member"],
      ["index", "index_only_scan", "outer"],
      ["query_block", "query", "member"],
      ["ALL", "other_scan", "outer"],
      ["materialized_from_subquery", "materialize", "outer"],
      ["query_block", "query", "outer"],
      ["index", "index_only_scan", "outer"],
      ["query_block", "query", "subplan"],
      ["index", "index_only_scan", "outer"],
    ]);
  });
});

const tree = `-> Limit: 5 row(s)  (cost=93.1 rows=5) (actual time=1.2..1.31 rows=5 loops=1)
    -> Nested loop inner join  (cost=93.1 rows=66) (actual time=0.5..2.25 rows=63 loops=1)
        -> Filter: ((c.region = 'north -> (cost=1') and (c.id is not null))  (cost=20.2 rows=20) (actual time=0.1..0.2 rows=9 loops=1)
            -> Table scan on c  (cost=20.2 rows=200) (actual time=0.09..0.15 rows=200 loops=1)
        -> Index range scan on o using placed over ('2026-01-01' <= placed < '2026-02-01'), with index condition: (o.placed < DATE'2026-02-01')  (cost=3.3 rows=3) (actual time=727e-6..0.2 rows=7 loops=9)
    -> Select #2 (subquery in projection; dependent)
        -> Aggregate: max(p.total)  (never executed)
            -> Single-row covering index lookup on p using PRIMARY (id=c.id)  (cost=0.35 rows=1) (never executed)
`;

/** The same plan in version 2 of the JSON, as MySQL 9 writes it. */
const version2 = {
  query: "/* select#1 */ select 1 from c where region = 'north'",
  query_plan: {
    limit: 5,
    operation: "Limit: 5 row(s)",
    access_type: "limit",
    estimated_rows: 5,
    estimated_total_cost: 93.1,
    actual_rows: 5,
    actual_loops: 1,
    actual_first_row_ms: 1.2,
    actual_last_row_ms: 1.31,
    inputs: [
      {
        operation: "Nested loop inner join",
        access_type: "join",
        join_type: "inner join",
        join_algorithm: "nested_loop",
        inputs: [
          {
            operation: "Filter: ((c.region = 'south') and (c.id is not null))",
            condition: "((c.region = 'south') and (c.id is not null))",
            inputs: [{ operation: "Table scan on c", table_name: "customer", alias: "c", schema_name: "shop" }],
          },
          {
            operation:
              "Index range scan on o using placed over ('2025-01-01' <= placed < '2025-02-01'), with index condition: (o.placed < DATE'2025-02-01')",
            table_name: "orders",
            alias: "o",
            index_name: "placed",
            key_columns: ["placed"],
            ranges: ["('2025-01-01' <= placed < '2025-02-01')"],
          },
        ],
      },
      {
        heading: "Select #2 (subquery in projection; dependent)",
        operation: "Aggregate: max(p.total)",
        inputs: [{ operation: "Single-row covering index lookup on p using PRIMARY (id=c.id)", table_name: "p" }],
      },
    ],
  },
  json_schema_version: "2.0",
};

describe("MySQL's tree", () => {
  it("is read into a tree", () => {
    const plan = planOf(tree);
    expect(plan).toMatchObject({ dialect: "mysql", format: "mysql_tree" });
    expect(
      [...nodesOf(plan.root)].map(({ operation, kind, relation, index }) => [operation, kind, relation, index]),
    ).toEqual([
      ["Limit", "limit", undefined, undefined],
      ["Nested loop inner join", "nested_loop", undefined, undefined],
      ["Filter", "filter", undefined, undefined],
      ["Table scan", "sequential_scan", "c", undefined],
      ["Index range scan", "index_scan", "o", "placed"],
      ["Select", "query", undefined, undefined],
      ["Aggregate", "aggregate", undefined, undefined],
      ["Single-row covering index lookup", "row_lookup", "p", "PRIMARY"],
    ]);
    const nodes = [...nodesOf(plan.root)];
    expect(nodes[2]).toMatchObject({
      conditions: [{ role: "filter", text: "((c.region = ?) and (c.id is not null))" }],
      estimate: { rows: 20, totalCost: 20.2 },
      actual: { rows: 9, loops: 1, startupMs: 0.1, totalMs: 0.2 },
    });
    expect(nodes[4]).toMatchObject({
      conditions: [
        { role: "range", text: "(? <= placed < ?)" },
        { role: "index_condition", text: "(o.placed < DATE?)" },
      ],
      actual: { startupMs: 727e-6, loops: 9 },
    });
    expect(nodes[6]?.actual).toEqual({ rows: 0, loops: 0 });
    expect(JSON.stringify(plan)).not.toMatch(/north|2026|#2/);
  });

  it("has the same hashes however columns are qualified", () => {
    const qualified = (column: string, of = "accounts"): string =>
      [
        `-> Sort: ${column}  (cost=1 rows=3)`,
        `    -> Filter: (${column} > 'x')  (cost=1 rows=3)`,
        `        -> Index lookup on ${of} using accounts_email (${column} = 'x')  (cost=1 rows=3)`,
      ].join("\n");
    const hashes = planHashes(planOf(qualified("email")));
    expect(planHashes(planOf(qualified("accounts.email")))).toEqual(hashes);
    expect(planHashes(planOf(qualified("`shop`.`Accounts`.`email`")))).toEqual(hashes);
    expect(planHashes(planOf(qualified("other.email"))).full).not.toBe(hashes.full);
    expect(planHashes(planOf(qualified("accounts.name"))).full).not.toBe(hashes.full);
    expect(planHashes(planOf(qualified("email", "other"))).full).not.toBe(hashes.full);
  });

  it("shows all operations that the server has a line for", () => {
    const lines = [
      "Sort: c.name DESC, limit input to 10 row(s) per chunk",
      "Inner hash join (t2.a = t1.a), extra conditions: (t2.b > 5)",
      "Hash",
      "Index lookup on `my table` using `i x` (a=1, b='x') (reverse)",
      "Full-text index search on t using ft (body='secret')",
      "Table scan on <temporary>",
      "Materialize CTE x if needed",
      "Remove duplicate t1 rows using temporary table (weedout)",
      "Something of MySQL 12 on secret",
    ];
    const [first, ...others] = lines;
    const plan = planOf(`-> ${first}\n${others.map((line) => `    -> ${line}\n`).join("")}`);
    expect([...nodesOf(plan.root)].map(({ operation, relation, index }) => [operation, relation, index])).toEqual([
      ["Sort", undefined, undefined],
      ["Inner hash join", undefined, undefined],
      ["Hash", undefined, undefined],
      ["Index lookup", "my table", "i x"],
      ["Full-text index search", "t", "ft"],
      ["Table scan", "<temporary>", undefined],
      ["Materialize CTE", undefined, undefined],
      ["Remove duplicate", undefined, undefined],
      ["other", undefined, undefined],
    ]);
    expect(plan.root.sortKeys).toEqual(["c.name DESC"]);
    expect(JSON.stringify(plan)).not.toContain("secret");
  });

  it.each(["-> Filter: (a = 'one\n-> two')", "-> Limit: 1 row(s)\n  total 5", "-> Append\n-> Append"])(
    "is not read when a line is not whole: %j",
    (text) => {
      expect(readPlan(text).reason).toBe("malformed");
    },
  );
});

describe("MySQL's JSON, version 2", () => {
  it("has the hashes of the tree", () => {
    const plan = planOf(version2);
    expect(plan).toMatchObject({ format: "mysql_json_v2", query: { text: "select ? from c where region = ?" } });
    expect([...nodesOf(plan.root)].map(({ operation }) => operation)).toEqual(
      [...nodesOf(planOf(tree).root)].map(({ operation }) => operation),
    );
    expect(planHashes(plan)).toEqual(planHashes(planOf(tree)));
    expect(JSON.stringify(plan)).not.toMatch(/south|2025/);
  });

  it("is read without query_plan too, as MySQL 8.3 writes it", () => {
    const plan = planOf({ query: version2.query, ...version2.query_plan });
    expect(planHashes(plan)).toEqual(planHashes(planOf(version2)));
    expect(plan.root).toMatchObject({
      estimate: { rows: 5, totalCost: 93.1 },
      actual: { rows: 5, loops: 1, startupMs: 1.2, totalMs: 1.31 },
    });
  });
});
