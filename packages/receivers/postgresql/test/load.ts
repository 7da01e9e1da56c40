import type { PostgresServer } from "@dbintel/e2e/servers";
import { type Executed, reportedLoad, ShopLoad, shopSchema, shopStatements } from "@dbintel/e2e/shop-load";
import type { SeenEvent } from "@dbintel/pipeline/testing";
import type { ClientConfig } from "pg";

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

/** Adds up what events report of the load, by the names that `Load` uses. */
export function reported(events: readonly SeenEvent[]): Map<string, Executed> {
  return reportedLoad(events, {
    statements: Object.keys(statements),
    placeOf: (event, isOther) => [event.text("db.namespace"), ...(isOther ? [] : [event.text("postgresql.rolname")])],
    executedOf: (event) => ({
      calls: event.number("postgresql.calls"),
      rows: event.number("postgresql.rows"),
      seconds: event.number("postgresql.total_exec_time"),
    }),
  });
}
