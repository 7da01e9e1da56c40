import { startPostgres } from "@dbintel/e2e/servers";
import type { Plan } from "../src/plan.ts";
import { readPlan } from "../src/reading.ts";

/** A PostgreSQL with two tables, a partitioned one, and settings under which plans do not depend on the machine. */
export interface Shop extends AsyncDisposable {
  run(sql: string): Promise<void>;
  /** The JSON that EXPLAIN gives. */
  explain(sql: string, options?: string): Promise<string>;
  /** The lines that EXPLAIN gives without a format. */
  explainText(sql: string, options?: string): Promise<string>;
  /** The JSON, read. Fails the test if it cannot be read. */
  plan(sql: string, options?: string): Promise<Plan>;
  log(): Promise<string>;
}

const schema = `
  create table customer (id int primary key, name text, region text);
  create table orders (id int primary key, customer_id int, total int, note text);
  create index orders_customer on orders (customer_id);
  create table event (id int, day date) partition by range (day);
  create table event_p1 partition of event for values from ('2026-01-01') to ('2026-02-01');
  create table event_p2 partition of event for values from ('2026-02-01') to ('2026-03-01');
  create table event_p3 partition of event for values from ('2026-03-01') to ('2026-04-01');
  insert into customer select n, 'name ' || n, 'region ' || n % 10 from generate_series(1, 2000) n;
  insert into orders select n, n % 2000 + 1, n % 100, 'note ' || n from generate_series(1, 20000) n;
  insert into event select n, date '2026-01-01' + n % 90 from generate_series(1, 3000) n;
  analyze`;

export async function startShop(): Promise<Shop> {
  const server = await startPostgres({
    major: 18,
    settings: { autovacuum: false, jit: false, max_parallel_workers_per_gather: 0, compute_query_id: "on" },
  });
  const client = await server.connect();
  await client.query(schema);
  const explain = async (sql: string, options = ""): Promise<string> => {
    const { rows } = await client.query<{ "QUERY PLAN": unknown }>(`explain (format json ${options}) ${sql}`);
    return JSON.stringify(rows[0]?.["QUERY PLAN"]);
  };
  return {
    run: async (sql) => {
      await client.query(sql);
    },
    explain,
    explainText: async (sql, options = "costs") => {
      const { rows } = await client.query<{ "QUERY PLAN": string }>(`explain (${options}) ${sql}`);
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    },
    plan: async (sql, options) => planOf(await explain(sql, options)),
    log: () => server.log(),
    [Symbol.asyncDispose]: async () => {
      await client.end();
      await server.stop();
    },
  };
}

function planOf(text: string): Plan {
  const { plan, message } = readPlan(text);
  if (plan === undefined) throw new Error(message);
  return plan;
}
