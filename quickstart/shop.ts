import { randomBytes } from "node:crypto";
import type { PostgresServer } from "@dbintel/e2e/servers";
import type { ClientConfig } from "pg";
import pg from "pg";

/** How to log in as each user of the example: two applications and the collector. */
export interface Logins {
  readonly shop: ClientConfig;
  readonly analyst: ClientConfig;
  readonly collector: { readonly user: string; readonly password: string };
}

export const customerCount = 20_000;
export const orderCount = 60_000;
export const productCount = 50;

/** Two databases with two users that know nothing of being watched, and the user that the collector needs. */
export async function createShop(server: PostgresServer): Promise<Logins> {
  const password = randomBytes(18).toString("base64url");
  for (const role of ["shop_app", "analyst", "dbintel"]) {
    await server.query(`CREATE ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
  }
  // For plans, of which nothing is to be seen in pg_stat_statements: the right to read, and to keep out of there.
  await server.query("GRANT pg_monitor, pg_read_all_data TO dbintel");
  await server.query("GRANT SET ON PARAMETER pg_stat_statements.track TO dbintel");
  await server.query("CREATE DATABASE shop OWNER shop_app");
  await server.query("CREATE DATABASE warehouse OWNER analyst");

  const shop = { user: "shop_app", password, database: "shop", application_name: "shop" };
  const analyst = { user: "analyst", password, database: "warehouse", application_name: "reports" };
  for (const statement of shopTables) await server.query(statement, [], shop);
  for (const statement of warehouseTables) await server.query(statement, [], analyst);
  // Loading is not what the example wants to show.
  await server.query("SELECT pg_stat_statements_reset()");
  return { shop, analyst, collector: { user: "dbintel", password } };
}

const shopTables = [
  "CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, email text NOT NULL)",
  `INSERT INTO customers
     SELECT n, 'Customer ' || n, 'jane.doe.' || n || '@customer.example' FROM generate_series(1, ${customerCount}) AS n`,
  "CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id int NOT NULL, placed_at timestamptz NOT NULL)",
  `INSERT INTO orders (customer_id, placed_at)
     SELECT 1 + n % ${customerCount}, now() - n * interval '1 minute' FROM generate_series(1, ${orderCount}) AS n`,
  "CREATE INDEX orders_placed_at ON orders (placed_at)",
  "CREATE TABLE order_items (order_id int NOT NULL, product_id int NOT NULL, quantity int NOT NULL, price numeric(8,2) NOT NULL)",
  `INSERT INTO order_items
     SELECT 1 + n % ${orderCount}, 1 + n % ${productCount}, 1 + n % 3, 5 + n % 95 FROM generate_series(1, ${2 * orderCount}) AS n`,
  "CREATE TABLE stock (product_id int PRIMARY KEY, quantity int NOT NULL)",
  `INSERT INTO stock SELECT n, 1000000 FROM generate_series(1, ${productCount}) AS n`,
  "ANALYZE",
];

const warehouseTables = [
  "CREATE TABLE events (id int PRIMARY KEY, kind text NOT NULL, at timestamptz NOT NULL)",
  `INSERT INTO events
     SELECT n, (ARRAY['view', 'search', 'basket', 'payment'])[1 + n % 4], now() - n * interval '1 second'
       FROM generate_series(1, 50000) AS n`,
  "ANALYZE",
];
