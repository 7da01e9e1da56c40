import { randomInt } from "node:crypto";
import type { MysqlServer } from "@dbintel/e2e/servers";
import { type Actor, pause, play } from "./actors.ts";
import { accountCount, type BillingLogins } from "./billing.ts";

type Connection = Awaited<ReturnType<MysqlServer["connect"]>>;

/** Runs the applications until the signal; resolves when all sessions are closed. */
export async function runBilling(server: MysqlServer, logins: BillingLogins, signal: AbortSignal): Promise<void> {
  const actor = (everyMs: number, act: Actor<Connection>["act"]) => ({
    ...{ everyMs, act },
    connect: () => server.connect(logins.billing),
  });
  const actors = [
    actor(1000, listInvoices),
    actor(300, findByEmail),
    actor(400, issue),
    actor(2500, holdBalance),
    actor(2700, payIn),
    actor(2000, turnover),
    actor(9000, indexEmails),
  ];
  await play(actors, signal);
}

/** The N+1 pattern: one query for a list, then one for each of its rows. */
async function listInvoices(session: Connection): Promise<void> {
  const [invoices] = await session.query("SELECT id, account_id FROM invoices ORDER BY issued_at DESC LIMIT 60");
  const accounts = Array.isArray(invoices)
    ? invoices.map((invoice) => ("account_id" in invoice ? invoice.account_id : 0))
    : [];
  for (const id of accounts) await session.query("SELECT holder, email FROM accounts WHERE id = ?", [id]);
}

/** A value written into the text, and a column without an index. */
async function findByEmail(session: Connection): Promise<void> {
  const email = `jane.doe.${randomInt(accountCount)}@customer.example`;
  await session.query(`SELECT id, holder FROM accounts WHERE email = '${email}'`);
}

/** A short transaction that writes; one in ten is taken back. */
async function issue(session: Connection): Promise<void> {
  await session.beginTransaction();
  const values = [1 + randomInt(accountCount), randomInt(100)];
  await session.query("INSERT INTO invoices (account_id, issued_at, amount) VALUES (?, NOW(), ?)", values);
  await (randomInt(10) === 0 ? session.rollback() : session.commit());
}

/** Holds a row lock while the application does something else. */
async function holdBalance(session: Connection, signal: AbortSignal): Promise<void> {
  await session.beginTransaction();
  await session.query("UPDATE balances SET amount = amount - 1 WHERE account_id = 1");
  await pause(1500, signal);
  await session.commit();
}

/** Wants the row that `holdBalance` holds. */
async function payIn(session: Connection): Promise<void> {
  await session.query("UPDATE balances SET amount = amount + 1 WHERE account_id = 1");
}

/** Slow because it reads everything each time. */
async function turnover(session: Connection): Promise<void> {
  await session.query(
    "SELECT DATE(issued_at) AS issued_on, SUM(amount) AS turnover FROM invoices GROUP BY 1 ORDER BY 1",
  );
}

/** Now and then a deployment brings the index that `findByEmail` lacks, and another one drops it: the plan changes. */
async function indexEmails(session: Connection, signal: AbortSignal): Promise<void> {
  await pause(6500, signal);
  if (signal.aborted) return;
  await session.query("CREATE INDEX accounts_email ON accounts (email)");
  await pause(12_000, signal);
  await session.query("DROP INDEX accounts_email ON accounts");
}
