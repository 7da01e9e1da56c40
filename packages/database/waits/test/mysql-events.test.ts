import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeMysql } from "@dbintel/e2e/servers/vitest";
import { expect, it } from "vitest";
import { WaitCatalogue } from "../src/index.ts";

function suite(start: () => Promise<MysqlServer>): void {
  it("are all known", async () => {
    await using server = await start();
    const rows = await server.query(
      "SELECT NAME AS name FROM performance_schema.setup_instruments WHERE NAME LIKE 'wait/%' OR NAME LIKE 'stage/%' OR NAME = 'idle'",
    );
    const names = rows.map((row) => String(row.name));
    expect(names.length).toBeGreaterThan(300);
    const catalogue = new WaitCatalogue();
    expect(names.filter((event) => catalogue.mysql({ event }) === "other")).toEqual([]);
    expect([...catalogue.unknown.counts.keys()]).toEqual([]);
  });
}

describeMysql("the wait events", () => suite(startMysql));
describeMariadb("the wait events", () => suite(startMariadb));
