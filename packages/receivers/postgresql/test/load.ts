import type { PostgresServer } from "@dbintel/e2e/servers";
import type { Client, ClientConfig } from "pg";
import type { Event } from "./watch.ts";

/** What a statement of the load did, as the client that ran it knows. */
export interface Executed {
  calls: number;
  rows: number;
  /** From the first byte sent to the last received: more than the server's own time. */
  seconds: number;
}

/** A shop with joins over four tables; small, so that its statements are quick. */
const schema = [
  "CREATE TABLE customers (id int PRIMARY KEY, name text, region int)",
  "CREATE TABLE products (id int PRIMARY KEY, price int, kind int)",
  "CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, day int)",
  "CREATE TABLE lines (order_id int REFERENCES orders, product int REFERENCES products, pieces int)",
  "INSERT INTO customers SELECT i, 'customer ' || i, i % 7 FROM generate_series(1, 200) i",
  "INSERT INTO products SELECT i, 10 * i, i % 5 FROM generate_series(1, 50) i",
  "INSERT INTO orders SELECT i, 1 + i % 200, i % 30 FROM generate_series(1, 1000) i",
  "INSERT INTO lines SELECT 1 + i % 1000, 1 + i % 50, i % 4 FROM generate_series(1, 3000) i",
  "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC",
];

/** Each a shape of its own, and the name of each stands in its text as an alias, which nothing takes out. */
export const statements = {
  customer: "SELECT name FROM customers AS customer WHERE id = $1",
  orders_of:
    "SELECT orders_of.id FROM orders AS orders_of JOIN customers c ON c.id = orders_of.customer WHERE c.id = $1",
  turnover:
    "SELECT sum(turnover.pieces * p.price) FROM orders o JOIN lines AS turnover ON turnover.order_id = o.id " +
    "JOIN products p ON p.id = turnover.product WHERE o.day = $1 % 30",
  regions:
    "SELECT regions.region, count(*) FROM customers AS regions JOIN orders o ON o.customer = regions.id " +
    "JOIN lines l ON l.order_id = o.id JOIN products p ON p.id = l.product WHERE p.kind = $1 % 5 GROUP BY regions.region",
  reprice: "UPDATE products AS reprice SET price = price + 1 WHERE id = $1 % 50 + 1",
  add_line: "INSERT INTO lines AS add_line VALUES ($1 % 1000 + 1, 1, 1)",
  nap: "SELECT pg_sleep($1 / 1000.0) FROM customers AS nap LIMIT 1",
} as const;
export type StatementName = keyof typeof statements;

export async function createShop(server: PostgresServer, database: string): Promise<void> {
  await server.query(`CREATE DATABASE ${database}`);
  const session = await server.connect({ database });
  for (const sql of schema) await session.query(sql);
  await session.end();
}

/** Who runs something where. */
export interface Place {
  readonly database: string;
  readonly user: string;
}

/** Runs statements of the shop and keeps account of them by database, user and statement. */
export class Load {
  readonly #server: PostgresServer;
  readonly #sessions = new Map<string, Client>();
  readonly executed = new Map<string, Executed>();

  constructor(server: PostgresServer) {
    this.#server = server;
  }

  /** Runs one statement `times` times, with other parameters each. */
  async run(name: StatementName, times: number, as: Place & ClientConfig, parameter = 0): Promise<void> {
    const session = await this.#session(as);
    const account = this.#account(nameOf(as, name));
    for (let index = 0; index < times; index++) {
      const startMs = performance.now();
      const { rowCount } = await session.query(statements[name], [parameter || index + 1]);
      account.seconds += (performance.now() - startMs) / 1000;
      account.calls++;
      account.rows += rowCount ?? 0;
    }
  }

  /** Runs a mix of all statements but the naps: the first often, the last seldom. */
  async mix(rounds: number, as: Place & ClientConfig): Promise<void> {
    const names = Object.keys(statements).filter((name) => name !== "nap") as StatementName[];
    for (let round = 0; round < rounds; round++) {
      for (const [index, name] of names.entries()) {
        if (round % (index + 1) === 0) await this.run(name, 1, as, 1 + round);
      }
    }
  }

  /** After a restart of the server, and at the end. */
  async disconnect(): Promise<void> {
    for (const session of this.#sessions.values()) await session.end().catch(() => {});
    this.#sessions.clear();
  }

  #account(name: string): Executed {
    const known = this.executed.get(name) ?? { calls: 0, rows: 0, seconds: 0 };
    this.executed.set(name, known);
    return known;
  }

  async #session(as: Place & ClientConfig): Promise<Client> {
    const name = `${as.database}/${as.user}`;
    const open = this.#sessions.get(name) ?? (await this.#server.connect(as));
    this.#sessions.set(name, open);
    return open;
  }
}

/** Names what is accounted for. */
export function nameOf({ database, user }: Place, statement: string): string {
  return `${database}/${user}/${statement}`;
}

/** In place of user and statement: what an event sums. */
export const otherStatements = "other";

/** Adds up what events report of the load, by the names that `Load` uses. */
export function reported(events: readonly Event[]): Map<string, Executed> {
  const sums = new Map<string, Executed>();
  for (const event of events) {
    const place = { database: event.text("db.namespace"), user: event.text("postgresql.rolname") };
    const text = event.text("db.query.text");
    const other = event.text("dbintel.delta.kind") === "other";
    const statement = other
      ? otherStatements
      : Object.keys(statements).find((alias) => new RegExp(` AS ${alias}\\b`).test(text));
    if (statement === undefined) continue;
    const name = other ? `${place.database}/${statement}` : nameOf(place, statement);
    const sum = sums.get(name) ?? { calls: 0, rows: 0, seconds: 0 };
    sum.calls += event.number("postgresql.calls");
    sum.rows += event.number("postgresql.rows");
    sum.seconds += event.number("postgresql.total_exec_time");
    sums.set(name, sum);
  }
  return sums;
}
