import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeMysql } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WaitCatalogue, type WaitCategory, waitCategories } from "../src/index.ts";

/** What a session is told to wait for whose statement begins like this. */
async function waitOf(server: MysqlServer, statement: string): Promise<WaitCategory | undefined> {
  const [session] = await server.query(
    "SELECT COMMAND AS command, STATE AS state FROM information_schema.PROCESSLIST WHERE INFO LIKE ?",
    [`${statement}%`],
  );
  if (session === undefined) return undefined;
  return new WaitCatalogue().mysql({ command: String(session.command), state: String(session.state) });
}

function suite(start: () => Promise<MysqlServer>): void {
  let server: MysqlServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  it("are all known by name, and whatever else an instrument measures has a category and is counted", async () => {
    const rows = await server.query("SELECT NAME AS name FROM performance_schema.setup_instruments");
    const names = rows.map((row) => String(row.name));
    expect(names.length).toBeGreaterThan(900);
    const isWait = (name: string) => /^(?:wait|stage)\/|^idle$/.test(name);
    const categories: readonly string[] = waitCategories;
    const catalogue = new WaitCatalogue();
    for (const event of names.filter(isWait)) {
      const category = catalogue.mysql({ event });
      expect(categories, event).toContain(category);
      expect(category, event).not.toBe("other");
    }
    expect(catalogue.unknown.total).toBe(0);
    // Statements, transactions, memory and errors are no waits; nobody is told one, and whoever is, counts it.
    const rest = names.filter((name) => !isWait(name));
    expect(rest.length).toBeGreaterThan(300);
    for (const event of rest) expect(catalogue.mysql({ event }), event).toBe("other");
    expect(catalogue.unknown.total).toBe(rest.length);
  });

  it("of a session are told", async () => {
    const holder = await server.connect();
    const waiter = await server.connect();
    // A server that ran before may have met this test before.
    await holder.query("DROP DATABASE IF EXISTS waits");
    for (const sql of ["CREATE DATABASE waits", "CREATE TABLE waits.t (id int) ENGINE=InnoDB"]) await holder.query(sql);
    await holder.query("BEGIN");
    await holder.query("SELECT * FROM waits.t");
    const alter = waiter.query("ALTER TABLE waits.t ADD COLUMN note int");
    // On its way there it does more.
    await expect.poll(() => waitOf(server, "ALTER TABLE waits.t")).toBe("lock_metadata");
    await holder.query("COMMIT");
    await alter;
    await holder.query("SELECT GET_LOCK('waits', 0)");
    const lock = waiter.query("SELECT GET_LOCK('waits', 60)");
    await expect.poll(() => waitOf(server, "SELECT GET_LOCK")).toBe("lock_user");
    await holder.query("SELECT RELEASE_LOCK('waits')");
    await lock;
    await holder.end();
    await waiter.end();
  });
}

describeMysql("the waits", () => suite(startMysql));
describeMariadb("the waits", () => suite(startMariadb));
