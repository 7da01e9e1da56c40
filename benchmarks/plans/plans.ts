/** A plan of so many operations as PostgreSQL's EXPLAIN (ANALYZE, BUFFERS) writes it: joins in a row, a scan for each. */
export function explained(operations: number): string {
  let below = scan(0);
  for (let number = 1; 2 * number + 1 <= operations; number++) below = join(number, below);
  return JSON.stringify([{ Plan: below, "Planning Time": 1.234, "Execution Time": 56.789 }]);
}

type Node = Readonly<Record<string, unknown>>;

function join(number: number, outer: Node): Node {
  const hash = number % 2 === 1;
  return {
    "Node Type": hash ? "Hash Join" : "Nested Loop",
    "Join Type": "Inner",
    ...figures(number),
    ...(hash ? { "Hash Cond": `(table_${number}.id = table_${number - 1}.other_id)` } : {}),
    Output: [`table_${number}.id`, `table_${number - 1}.name`, "'customer 4711'::text"],
    Plans: [
      { ...outer, "Parent Relationship": "Outer" },
      { ...scan(number), "Parent Relationship": "Inner" },
    ],
  };
}

function scan(number: number): Node {
  const indexed = number % 3 !== 0;
  return {
    "Node Type": indexed ? "Index Scan" : "Seq Scan",
    "Relation Name": `table_${number}`,
    Schema: "public",
    Alias: `table_${number}`,
    ...(indexed ? { "Scan Direction": "Forward", "Index Name": `table_${number}_pkey` } : {}),
    ...(indexed ? { "Index Cond": `(table_${number}.id = ${number})` } : {}),
    ...figures(number),
    Filter: `((table_${number}.name ~~ '%customer ${number}%'::text) AND (table_${number}.created > '2026-01-01'::date))`,
    "Rows Removed by Filter": 17,
  };
}

function figures(number: number): Node {
  return {
    "Parallel Aware": false,
    "Async Capable": false,
    "Startup Cost": 0.29,
    "Total Cost": 1234.56 + number,
    "Plan Rows": 1000 + number,
    "Plan Width": 36,
    "Actual Startup Time": 0.012,
    "Actual Total Time": 3.456,
    "Actual Rows": 987,
    "Actual Loops": 1,
    "Shared Hit Blocks": 123,
    "Shared Read Blocks": 4,
    "Shared Dirtied Blocks": 0,
    "Shared Written Blocks": 0,
    "Temp Read Blocks": 0,
    "Temp Written Blocks": 0,
  };
}
