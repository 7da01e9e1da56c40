import { randomBytes } from "node:crypto";
import type { MysqlServer } from "@dbintel/e2e/servers";

/** How to log in as the application of the example, and as the collector. */
export interface BillingLogins {
  readonly billing: NonNullable<Parameters<MysqlServer["connect"]>[0]>;
  readonly collector: { readonly user: string; readonly password: string };
}

export const accountCount = 10_000;
const invoiceCount = 20_000;

/** What MariaDB has off, and a server that is watched should have on. */
export const billingServerSettings = {
  "performance-schema-consumer-events-statements-current": "ON",
  "performance-schema-consumer-events-statements-history": "ON",
};

/** A schema with a user that knows nothing of being watched, and the user that the collector needs. */
export async function createBilling(server: MysqlServer, product: "MySQL" | "MariaDB"): Promise<BillingLogins> {
  const password = randomBytes(18).toString("base64url");
  for (const sql of [
    "CREATE DATABASE billing",
    `CREATE USER 'billing_app'@'%' IDENTIFIED BY '${password}'`,
    "GRANT ALL ON billing.* TO 'billing_app'@'%'",
    `CREATE USER 'dbintel'@'%' IDENTIFIED BY '${password}'`,
    "GRANT SELECT ON performance_schema.* TO 'dbintel'@'%'",
    "GRANT PROCESS, REFERENCES ON *.* TO 'dbintel'@'%'",
    `GRANT ${product === "MySQL" ? "REPLICATION CLIENT" : "REPLICA MONITOR, BINLOG MONITOR"} ON *.* TO 'dbintel'@'%'`,
    "GRANT SELECT ON billing.* TO 'dbintel'@'%'", // for plans
    ...tables,
    // Loading is not what the example wants to show.
    "TRUNCATE performance_schema.events_statements_summary_by_digest",
  ]) {
    await server.query(sql, [], sql.startsWith("CREATE DATABASE") ? {} : { database: "billing" });
  }
  const billing = { user: "billing_app", password, database: "billing" };
  return { billing, collector: { user: "dbintel", password } };
}

/** Numbers from 1 as `n`; recursion alone ends at a thousand. */
function numbers(upTo: number): string {
  const hundreds = "WITH RECURSIVE d AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM d WHERE i < 299)";
  return `${hundreds} SELECT a.i * 300 + b.i + 1 AS n FROM d a, d b WHERE a.i * 300 + b.i < ${upTo}`;
}

const tables = [
  "CREATE TABLE accounts (id int PRIMARY KEY, holder varchar(100), email varchar(100)) ENGINE=InnoDB",
  `INSERT INTO accounts SELECT n, CONCAT('Account ', n), CONCAT('jane.doe.', n, '@customer.example')
     FROM (${numbers(accountCount)}) AS numbers`,
  `CREATE TABLE invoices (id int AUTO_INCREMENT PRIMARY KEY, account_id int, issued_at datetime, amount decimal(8,2),
     KEY invoices_issued_at (issued_at)) ENGINE=InnoDB`,
  `INSERT INTO invoices (account_id, issued_at, amount)
     SELECT 1 + n % ${accountCount}, NOW() - INTERVAL n MINUTE, 5 + n % 95 FROM (${numbers(invoiceCount)}) AS numbers`,
  "CREATE TABLE balances (account_id int PRIMARY KEY, amount int) ENGINE=InnoDB",
  `INSERT INTO balances SELECT n, 1000000 FROM (${numbers(50)}) AS numbers`,
  "ANALYZE TABLE accounts, invoices, balances",
];
