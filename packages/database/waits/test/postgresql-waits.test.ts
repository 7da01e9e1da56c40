import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type BlockerFacts, type BlockingEdge, WaitCatalogue, type WaitCategory, WaitEngine } from "../src/index.ts";

async function expectAllKnown(server: PostgresServer): Promise<void> {
  const events = await server.query<{ type: string; name: string }>("SELECT type, name FROM pg_wait_events");
  expect(events.length).toBeGreaterThan(250);
  const catalogue = new WaitCatalogue();
  expect(events.filter(({ type, name }) => catalogue.postgresql({ type, event: name }) === "other")).toEqual([]);
  expect([...catalogue.unknown.counts.keys()]).toEqual([]);
}

/** The category of the session that waits in the middle of a statement that begins like this. */
function waitOf(server: PostgresServer, statement: string): Promise<WaitCategory> {
  return eventually(`a session waits in ${statement}`, async () => {
    const [session] = await server.query<{ state: string; type: string; event: string }>(
      `SELECT state, wait_event_type AS type, wait_event AS event FROM pg_stat_activity
       WHERE state = 'active' AND wait_event_type IN ('Lock', 'Timeout') AND starts_with(query, $1)`,
      [statement],
    );
    return session === undefined ? undefined : new WaitCatalogue().postgresql(session);
  });
}

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

// Older servers have no view of their wait events.
describePostgres(17, "the wait events", () => {
  it("are all known", async () => {
    await using server = await startPostgres({ major: 17, preload: [] });
    await expectAllKnown(server);
  });
});

describePostgres(18, "the waits", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ preload: [], settings: { compute_query_id: "on" } });
  });
  afterAll(() => server.stop());

  it("are all known by name", () => expectAllKnown(server));

  it("of a session are told", async () => {
    await server.query("CREATE TABLE t AS SELECT 1 AS id");
    const holder = await server.connect();
    const waiter = await server.connect();
    await holder.query("BEGIN");
    await holder.query("UPDATE t SET id = 2");
    const update = waiter.query("UPDATE t SET id = 3");
    expect(await waitOf(server, "UPDATE t")).toBe("lock_row");
    await holder.query("COMMIT");
    await update;
    await holder.query("BEGIN");
    await holder.query("LOCK TABLE t");
    const count = waiter.query("TABLE t");
    expect(await waitOf(server, "TABLE t")).toBe("lock_table");
    await holder.query("COMMIT");
    await count;
    await holder.end();
    await waiter.end();
  });

  it("for a transaction that is left open are found, and those behind them", async () => {
    await server.query("CREATE TABLE counter AS SELECT 1 AS id, 0 AS value");
    const [holder, ...waiters] = await Promise.all(Array.from({ length: 6 }, () => server.connect()));
    await holder?.query("BEGIN");
    await holder?.query("UPDATE counter SET value = 1 WHERE id = 1");
    const updates = waiters.map((waiter) => waiter.query("UPDATE counter SET value = value + 1 WHERE id = 1"));

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
