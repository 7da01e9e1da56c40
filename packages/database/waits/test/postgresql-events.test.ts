import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WaitCatalogue, type WaitCategory } from "../src/index.ts";

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

// Older servers have no view of their wait events.
for (const major of [17, 18]) {
  describePostgres(major, "the wait events", () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres({ major, preload: [] });
    });
    afterAll(() => server.stop());

    it("are all known", async () => {
      const events = await server.query<{ type: string; name: string }>("SELECT type, name FROM pg_wait_events");
      expect(events.length).toBeGreaterThan(250);
      const catalogue = new WaitCatalogue();
      expect(events.filter(({ type, name }) => catalogue.postgresql({ type, event: name }) === "other")).toEqual([]);
      expect([...catalogue.unknown.counts.keys()]).toEqual([]);
    });

    it("tell what a session waits for", async () => {
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
  });
}
