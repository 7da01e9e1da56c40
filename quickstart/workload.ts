import { randomInt } from "node:crypto";
import type { PostgresServer } from "@dbintel/e2e/servers";
import type { Client, ClientConfig } from "pg";
import { type Actor, pause, play } from "./actors.ts";
import type { Logins } from "./shop.ts";
import { customerCount, productCount } from "./shop.ts";

/** Runs the applications until the signal; resolves when all sessions are closed. */
export async function runWorkload(server: PostgresServer, logins: Logins, signal: AbortSignal): Promise<void> {
  await play(actors(server, logins), signal);
}

function actors(server: PostgresServer, { shop, analyst }: Logins): readonly Actor<Client>[] {
  const actor = (login: ClientConfig, everyMs: number, act: Actor<Client>["act"]) => ({
    ...{ everyMs, act },
    connect: () => server.connect(login),
  });
  return [
    actor(shop, 1000, listOrders),
    actor(shop, 300, findByEmail),
    actor(shop, 400, checkOut),
    actor(shop, 2500, takeStock),
    actor(shop, 2700, correctStock),
    actor({ ...shop, application_name: "audit" }, 2300, lookAtStock),
    actor({ ...shop, application_name: "deployment" }, 9000, indexEmails),
    actor(analyst, 2000, countEvents),
    actor({ ...shop, application_name: "reports" }, 2000, turnover),
  ];
}

/** The N+1 pattern: one query for a list, then one for each of its rows. */
async function listOrders(session: Client): Promise<void> {
  const orders = await session.query<{ customer_id: number }>(
    "SELECT id, customer_id FROM orders ORDER BY placed_at DESC LIMIT 60",
  );
  for (const { customer_id } of orders.rows) {
    await session.query("SELECT name, email FROM customers WHERE id = $1", [customer_id]);
  }
}

/** A value written into the text, and a column without an index. */
async function findByEmail(session: Client): Promise<void> {
  await session.query(
    `SELECT id, name FROM customers WHERE email = 'jane.doe.${randomInt(customerCount)}@customer.example'`,
  );
}

/** A short transaction that writes; one in ten is taken back. */
async function checkOut(session: Client): Promise<void> {
  await session.query("BEGIN");
  const order = await session.query<{ id: number }>(
    "INSERT INTO orders (customer_id, placed_at) VALUES ($1, now()) RETURNING id",
    [1 + randomInt(customerCount)],
  );
  await session.query("INSERT INTO order_items (order_id, product_id, quantity, price) VALUES ($1, $2, 1, 9.99)", [
    order.rows[0]?.id,
    1 + randomInt(productCount),
  ]);
  await session.query(randomInt(10) === 0 ? "ROLLBACK" : "COMMIT");
}

/** Holds a row lock while the application does something else. */
async function takeStock(session: Client, signal: AbortSignal): Promise<void> {
  await session.query("BEGIN");
  await session.query("UPDATE stock SET quantity = quantity - 1 WHERE product_id = 1");
  await pause(1500, signal);
  await session.query("COMMIT");
}

/** Wants the row that `takeStock` holds. */
async function correctStock(session: Client): Promise<void> {
  await session.query("UPDATE stock SET quantity = quantity + 1 WHERE product_id = 1 RETURNING quantity");
}

/** Wants it too, behind whoever asked before. */
async function lookAtStock(session: Client): Promise<void> {
  await session.query("SELECT quantity FROM stock WHERE product_id = 1 FOR UPDATE");
}

/** Now and then a deployment brings the index that `findByEmail` lacks, and another one drops it: the plan changes. */
async function indexEmails(session: Client, signal: AbortSignal): Promise<void> {
  await pause(6500, signal);
  if (signal.aborted) return;
  await session.query("CREATE INDEX IF NOT EXISTS customers_email ON customers (email)");
  await pause(12_000, signal);
  await session.query("DROP INDEX IF EXISTS customers_email");
}

/** Slow because it reads everything each time. */
async function turnover(session: Client): Promise<void> {
  await session.query(
    `SELECT date_trunc('day', o.placed_at) AS day, sum(i.quantity * i.price) AS turnover
       FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY 1 ORDER BY 1`,
  );
}

async function countEvents(session: Client): Promise<void> {
  await session.query("SELECT kind, count(*) FROM events WHERE at > now() - interval '3 hours' GROUP BY kind");
}
