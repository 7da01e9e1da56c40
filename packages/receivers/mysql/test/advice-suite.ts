import { createTestHost } from "@dbintel/pipeline/testing";
import { beforeAll, expect, it } from "vitest";
import type { SharedServer } from "./metrics-suite.ts";
import { type Event, eventsOf, watch } from "./watch.ts";

export function adviceSuite({ product, server }: SharedServer): void {
  beforeAll(async () => {
    for (const sql of [
      "CREATE DATABASE advised",
      "CREATE TABLE advised.people (id int PRIMARY KEY, name varchar(100) UNIQUE, age int, city varchar(100))",
      // Indexes of two megabytes: of less nothing is said.
      `INSERT INTO advised.people SELECT n, CONCAT(REPEAT('x', 80), n), n, REPEAT('y', 80)
         FROM (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n FROM ${["a", "b", "c", "e"].map(digits).join(", ")}) s`,
      "CREATE INDEX by_age ON advised.people (age)",
      "CREATE INDEX by_age_again ON advised.people (age)",
      "CREATE INDEX by_city ON advised.people (city)",
      "CREATE INDEX by_city_and_age ON advised.people (city, age)",
      "CREATE INDEX by_some_of_city ON advised.people (city(10))",
      "CREATE INDEX by_name_again ON advised.people (name)",
      "CREATE TABLE advised.visits (id int PRIMARY KEY, person int, FOREIGN KEY of_person (person) REFERENCES advised.people (id))",
      "CREATE TABLE advised.small (id int PRIMARY KEY, a int, KEY by_a (a))",
      "INSERT INTO advised.small VALUES (1, 1)",
      "ANALYZE TABLE advised.people, advised.small",
      "UPDATE advised.people SET city = 'z' WHERE id < 5",
      "SELECT COUNT(*) FROM advised.people FORCE INDEX (by_age) WHERE age = 7",
    ]) {
      await server().query(sql);
    }
    const [row] = await server().query(
      "SELECT INDEX_LENGTH AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'advised' AND TABLE_NAME = 'people'",
    );
    expect(Number(row?.bytes)).toBeGreaterThan(1_048_576);
  });

  const digits = (name: string) =>
    `(SELECT 0 AS d ${Array.from({ length: 9 }, (_, at) => `UNION ALL SELECT ${at + 1}`).join(" ")}) ${name}`;
  const observe = (options: Parameters<typeof watch>[1] = {}) =>
    watch(server(), { reportsSchema: (name) => name === "advised", ...options });

  async function look(watching: ReturnType<typeof watch>): Promise<readonly Event[]> {
    return eventsOf((await watching.pollAdvice()).batches);
  }

  function objectsOf(events: readonly Event[], rule: string): readonly string[] {
    const found = events.filter((event) => event.text("dbintel.advice.rule") === rule);
    return found.map((event) => event.text("dbintel.advice.object").replace("advised.people.", "")).sort();
  }

  it("are told when nothing uses them, or another one does as well, with the SQL that drops them", async () => {
    const watching = observe();
    const events = await look(watching);
    // Neither the primary key, nor what is unique or serves a foreign key, nor what is too small to matter.
    const unused = ["by_age_again", "by_city", "by_city_and_age", "by_name_again", "by_some_of_city"];
    expect(objectsOf(events, "unused_index")).toEqual(unused);
    expect(objectsOf(events, "duplicate_index")).toEqual(["by_age_again", "by_city", "by_name_again"]);
    const event = events.find((each) => each.text("dbintel.advice.object").endsWith("by_city_and_age"));
    expect(Object.fromEntries(event?.attributes ?? [])).toMatchObject({
      "db.system.name": product,
      "db.namespace": "advised",
      "db.collection.name": "people",
      "dbintel.advice.state": "open",
      "dbintel.advice.columns": "city,age",
      "dbintel.advice.sql": "ALTER TABLE `advised`.`people` DROP INDEX `by_city_and_age`;",
      "dbintel.advice.evidence.rows_written": 5,
    });
    expect(event?.attributes.get("dbintel.advice.evidence.table_index_bytes")).toBeGreaterThan(1_048_576);
    expect(await look(watching)).toEqual([]);
    await watching.close();
  });

  it("are not called unused before the server has counted long enough, nor while it does not count", async () => {
    const early = observe({ unusedAfterDays: 14 });
    expect(objectsOf(await look(early), "unused_index")).toEqual([]);
    await early.close();
    const counting = (enabled: string) =>
      server().query(
        `UPDATE performance_schema.setup_instruments SET ENABLED = '${enabled}' WHERE NAME = 'wait/io/table/sql/handler'`,
      );
    await counting("NO");
    const blind = observe();
    expect(objectsOf(await look(blind), "unused_index")).toEqual([]);
    await counting("YES");
    await blind.close();
  });

  it("are not called unused for longer than since their table was changed, which begins its counts anew", async () => {
    const watching = observe();
    const event = (await look(watching)).find((each) => each.text("dbintel.advice.rule") === "unused_index");
    await watching.close();
    const [row] = await server().query(
      `SELECT TIMESTAMPDIFF(SECOND, CREATE_TIME, NOW()) AS seconds FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = 'advised' AND TABLE_NAME = 'people'`,
    );
    const days = Number(event?.attributes.get("dbintel.advice.evidence.counted_days"));
    expect(days).toBeGreaterThan(0);
    expect(days).toBeLessThanOrEqual((Number(row?.seconds) + 1) / 86_400);
  });

  it("are told to a user who may see tables and read none", async () => {
    const user = { username: "adviser", password: "adviser-password" };
    await server().query(`CREATE USER '${user.username}'@'%' IDENTIFIED BY '${user.password}'`);
    await server().query(`GRANT SELECT ON performance_schema.* TO '${user.username}'@'%'`);
    await server().query(`GRANT REFERENCES ON *.* TO '${user.username}'@'%'`);
    const [all, seen] = [observe(), observe({ user })];
    const objects = (events: readonly Event[]) => events.map((event) => event.text("dbintel.advice.object")).sort();
    expect(objects(await look(seen))).toEqual(objects(await look(all)));
    await Promise.all([all.close(), seen.close()]);
    await server().query(`DROP USER '${user.username}'@'%'`);
  });

  it("are told as gone when the SQL was run, over a restart of the collector", async () => {
    const first = observe({ unusedAfterDays: 1000 });
    const events = await look(first);
    expect(events).toHaveLength(3);
    for (const event of events) await server().query(event.text("dbintel.advice.sql"));
    expect(await look(first)).toEqual([]);
    await first.close();
    const second = observe({ host: createTestHost({ storage: first.host.storage }), unusedAfterDays: 1000 });
    const gone = await look(second);
    const ids = (list: readonly Event[]) => list.map((event) => event.text("dbintel.advice.id")).sort();
    expect(ids(gone)).toEqual(ids(events));
    expect(new Set(gone.map((event) => event.text("dbintel.advice.state")))).toEqual(new Set(["resolved"]));
    await second.close();
  });
}
