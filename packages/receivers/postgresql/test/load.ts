import type { PostgresServer } from "@dbintel/e2e/servers";
import { accountOf, type Executed, ShopLoad, shopSchema, shopStatements, statementOf } from "@dbintel/e2e/shop-load";
import type { ClientConfig } from "pg";
import type { Event } from "./watch.ts";

const statements = {
  ...shopStatements,
  nap: "SELECT pg_sleep($1 / 1000.0) FROM customers AS nap LIMIT 1",
} as const;

export async function createShop(server: PostgresServer, database: string): Promise<void> {
  await server.query(`CREATE DATABASE ${database}`);
  const session = await server.connect({ database });
  for (const sql of [...shopSchema, "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC"]) await session.query(sql);
  await session.end();
}

/** Who runs something where. */
type Place = ClientConfig & { readonly database: string; readonly user: string };

/** Runs statements of the shop and keeps account of them by database, user and statement. */
export class Load extends ShopLoad<Place, keyof typeof statements> {
  constructor(server: PostgresServer) {
    const target = {
      nameOf: ({ database, user }: Place) => `${database}/${user}`,
      async connect(place: Place) {
        const session = await server.connect(place);
        return {
          run: async (sql: string, parameter: number) => (await session.query(sql, [parameter])).rowCount ?? 0,
          end: () => session.end(),
        };
      },
    };
    super(target, statements);
  }
}

/** In place of user and statement: what an event sums. */
export const otherStatements = "other";

/** Adds up what events report of the load, by the names that `Load` uses. */
export function reported(events: readonly Event[]): Map<string, Executed> {
  const sums = new Map<string, Executed>();
  for (const event of events) {
    const other = event.text("dbintel.delta.kind") === "other";
    const statement = other ? otherStatements : statementOf(event.text("db.query.text"), Object.keys(statements));
    if (statement === undefined) continue;
    const place = [event.text("db.namespace"), ...(other ? [] : [event.text("postgresql.rolname")])];
    const sum = accountOf(sums, [...place, statement].join("/"));
    sum.calls += event.number("postgresql.calls");
    sum.rows += event.number("postgresql.rows");
    sum.seconds += event.number("postgresql.total_exec_time");
  }
  return sums;
}
