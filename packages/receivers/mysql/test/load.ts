import type { MysqlServer } from "@dbintel/e2e/servers";
import { type Executed, reportedLoad, ShopLoad, shopSchema, shopStatements } from "@dbintel/e2e/shop-load";
import type { ResultSetHeader } from "mysql2/promise";
import type { Event } from "./watch.ts";

const statements = { ...shopStatements, nap: "SELECT sleep($1 / 1000) FROM customers AS nap LIMIT 1" } as const;
const tables = /\b(customers|products|orders|order_lines)\b/g;

export async function createShop(server: MysqlServer, database: string): Promise<void> {
  await server.query(`CREATE DATABASE ${database}`);
  const session = await server.connect({ database });
  for (const sql of shopSchema) await session.query(sql);
  await session.end();
}

/** Where something runs. */
export interface Place {
  /** The session's; `null` for one that has chosen none and names the schema of each table. */
  readonly schema: string | null;
  /** Of the tables where the session has no schema. */
  readonly tables?: string;
}

/** Names what the statements of sessions without a schema are accounted for under. */
const noSchema = "(none)";

/** Runs statements of the shop and keeps account of them by schema and statement. */
export class Load extends ShopLoad<Place, keyof typeof statements> {
  constructor(server: MysqlServer) {
    const target = {
      nameOf: ({ schema }: Place) => schema ?? noSchema,
      async connect({ schema, tables: of = "" }: Place) {
        const session = await server.connect(schema === null ? {} : { database: schema });
        return {
          async run(sql: string, parameter: number) {
            const qualified = schema === null ? sql.replaceAll(tables, `${of}.$1`) : sql;
            const [answer] = await session.query(qualified.replaceAll("$1", String(parameter)));
            // The server counts a statement after it has answered, and before it takes the next.
            await session.query("DO 0");
            return Array.isArray(answer) ? answer.length : (answer as ResultSetHeader).affectedRows;
          },
          end: () => session.end(),
        };
      },
    };
    super(target, statements);
  }
}

/** Adds up what events report of the load, by the names that `Load` uses. */
export function reported(events: readonly Event[]): Map<string, Executed> {
  return reportedLoad(events, {
    statements: Object.keys(statements),
    placeOf: (event) => [event.text("db.namespace") || noSchema],
    executedOf: (event) => ({
      calls: event.counter("count_star"),
      rows: event.counter("returned_rows") + event.counter("sum_rows_affected"),
      seconds: event.counter("sum_timer_wait"),
    }),
  });
}
