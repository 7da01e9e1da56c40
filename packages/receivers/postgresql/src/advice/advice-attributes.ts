import type { Advice, AdviceAttributes } from "@dbintel/watching";

/** How an advice about PostgreSQL names what it is about. */
export function adviceAttributes(database: string | undefined): (advice: Advice) => AdviceAttributes {
  return ({ schema, queryId }) => ({
    "db.system.name": "postgresql",
    "db.namespace": database,
    "postgresql.schema.name": schema,
    "postgresql.queryid": queryId,
  });
}
