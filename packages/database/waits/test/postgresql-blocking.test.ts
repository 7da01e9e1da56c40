import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { expect, it } from "vitest";
import { type BlockerFacts, type BlockingEdge, WaitCatalogue, WaitEngine } from "../src/index.ts";

interface Session {
  readonly pid: number;
  readonly state: string;
  readonly type: string | null;
  readonly event: string | null;
  readonly query_id: string | null;
  readonly idle_in_transaction: boolean;
  readonly transaction_seconds: number | null;
  readonly blocked_by: readonly number[];
  readonly waited: number;
}

/** Sessions of clients but for the one that asks. */
function sessionsOf(server: PostgresServer): Promise<Session[]> {
  return server.query<Session & Record<string, unknown>>(`
    SELECT pid, state, wait_event_type AS type, wait_event AS event, query_id::text,
      state LIKE 'idle in transaction%' AS idle_in_transaction,
      extract(epoch FROM clock_timestamp() - xact_start)::float8 AS transaction_seconds,
      pg_blocking_pids(pid) AS blocked_by,
      coalesce((SELECT max(extract(epoch FROM clock_timestamp() - waitstart))::float8 FROM pg_locks l
        WHERE l.pid = a.pid AND NOT granted), 0) AS waited
    FROM pg_stat_activity a WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`);
}

/** One look at a server, told to an engine. */
async function look(engine: WaitEngine, catalogue: WaitCatalogue, server: PostgresServer, timeMs: number) {
  const edges: BlockingEdge[] = [];
  const blockers = new Map<string, BlockerFacts>();
  for (const session of await sessionsOf(server)) {
    const { state, type, event, query_id: query, blocked_by: blockedBy } = session;
    const category = catalogue.postgresql({ state, type: type ?? undefined, event: event ?? undefined });
    engine.sample({ database: "shop", query: query ?? undefined, category, seconds: 1, timeMs });
    blockers.set(String(session.pid), {
      idleInTransaction: session.idle_in_transaction,
      transactionSeconds: session.transaction_seconds ?? undefined,
    });
    for (const blocker of blockedBy) {
      edges.push({ blocked: String(session.pid), blocker: String(blocker), seconds: session.waited });
    }
  }
  return engine.blocking({ database: "shop", timeMs, edges, blockers });
}

describePostgres(18, "a transaction that is left open", () => {
  it("is found as the root of those that wait for it, and of those behind them", async () => {
    await using server = await startPostgres({ preload: [], settings: { compute_query_id: "on" } });
    await server.query("CREATE TABLE t AS SELECT 1 AS id, 0 AS value");
    const [holder, ...waiters] = await Promise.all(Array.from({ length: 6 }, () => server.connect()));
    await holder?.query("BEGIN");
    await holder?.query("UPDATE t SET value = 1 WHERE id = 1");
    const updates = waiters.map((waiter) => waiter.query("UPDATE t SET value = value + 1 WHERE id = 1"));

    const engine = new WaitEngine();
    const catalogue = new WaitCatalogue();
    let timeMs = 1_800_000_000_000;
    await eventually("all wait for a second", async () => {
      timeMs += 1000;
      const forest = await look(engine, catalogue, server, timeMs);
      const enough = (engine.profiles.profile({ database: "shop", timeMs })?.samples ?? 0) >= 25;
      const [root] = forest.roots;
      return root?.blockedSessions === 5 && root.longestSeconds > 1 && enough ? true : undefined;
    });
    const findings = engine.evaluate(timeMs);
    await holder?.query("COMMIT");
    await Promise.all(updates);
    await Promise.all([holder, ...waiters].map((session) => session?.end()));

    const [first] = findings;
    expect(first).toMatchObject({ code: "idle_transaction_pileup", priority: "P0" });
    expect(first?.parts).toEqual(["idle_in_transaction_blocker", "lock_contention"]);
    expect(first?.evidence["idle_in_transaction_blocker.blocked_sessions"]).toEqual({ value: 5, unit: "{session}" });
    expect(findings.filter(({ query }) => query !== undefined).map(({ code }) => code)).toEqual(["lock_contention"]);
    expect(catalogue.unknown.total).toBe(0);
  });
});
