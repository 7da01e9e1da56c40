import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bloatErrand } from "../src/objects/bloat.ts";
import type { Errand } from "../src/visits/errand.ts";
import { sqlExtensions } from "./sql-extensions.ts";
import { objects, visitDatabases } from "./visiting.ts";
import { type Point, pointsOf } from "./watch.ts";

/**
 * pgvector as far as the catalogue shows it, in SQL alone: its types, and its kinds of indexes with the code of B-tree.
 */
const vectorExtension = `
  CREATE DOMAIN vector AS int4;
  CREATE DOMAIN halfvec AS int4;
  CREATE ACCESS METHOD hnsw TYPE INDEX HANDLER bthandler;
  CREATE OPERATOR CLASS hnsw_ops DEFAULT FOR TYPE int4 USING hnsw AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4, int4);`;

describePostgres(18, "what is estimated and derived of tables and indexes", () => {
  let extensions: Awaited<ReturnType<typeof sqlExtensions>>;
  let server: PostgresServer;

  beforeAll(async () => {
    extensions = await sqlExtensions({ vector: vectorExtension });
    server = await startPostgres({ settings: { autovacuum: false, ...extensions.settings } });
    for (const name of ["app", "plain"]) await server.query(`CREATE DATABASE ${name}`);
  });

  afterAll(async () => {
    await server.stop();
    await extensions.remove();
  });

  const app = <Row extends Record<string, unknown>>(sql: string) => server.query<Row>(sql, [], { database: "app" });

  function watch(errand: Errand | undefined, database = "app") {
    if (errand === undefined) throw new Error("nothing is wanted");
    const databases = visitDatabases(server, { errands: [errand], reportsDatabase: (name) => name === database });
    return {
      async look(): Promise<readonly Point[]> {
        const { batches, problems } = await databases.round();
        expect(problems).toEqual([]);
        await databases.host.clock.advance(errand.intervalMs);
        return pointsOf(batches);
      },
      close: databases.close,
    };
  }

  it("the bloat of B-tree indexes is near what building them anew gives back", async () => {
    await app(`
      CREATE TABLE stock (id int, name text, state varchar, price numeric, at timestamptz, maybe int);
      INSERT INTO stock SELECT g, md5(g::text), 'state ' || g % 7, g % 50, now() + g * interval '1 s', nullif(g % 3, 0)
        FROM generate_series(1, 60000) g;
      CREATE UNIQUE INDEX by_id ON stock (id);
      CREATE INDEX by_name ON stock (name);
      CREATE INDEX by_state ON stock (state);
      CREATE INDEX by_price ON stock (price);
      CREATE INDEX by_state_and_id ON stock (state, id);
      CREATE INDEX by_lower ON stock (lower(name)) WITH (fillfactor = 70);
      CREATE INDEX by_maybe ON stock (maybe);
      CREATE INDEX covering ON stock (id) INCLUDE (name);
      CREATE INDEX partly ON stock (at) WHERE maybe = 1;
      CREATE INDEX by_hash ON stock USING hash (id)`);
    await app("VACUUM ANALYZE stock");
    const limits = { intervalMs: 60_000, maxTables: 10, maxIndexes: 20 };
    const bloat = watch(bloatErrand({ ...limits, enabled: () => true, enabledLabel: () => true }));
    const estimates = async () => {
      const points = (await bloat.look()).filter(({ name }) => name === "dbintel.postgresql.index.bloat");
      return new Map(
        points.map(({ attributes, value }) => [String(attributes.get("postgresql.index.name")), Number(value)]),
      );
    };
    const sizes = async () => {
      const rows = await app<{ name: string; size: string }>(
        "SELECT c.relname AS name, pg_relation_size(c.oid) AS size FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'stock'::regclass",
      );
      return new Map(rows.map(({ name, size }) => [name, Number(size)]));
    };
    const [fresh, built] = [await estimates(), await sizes()];
    expect([...fresh.keys()].sort()).toEqual([...built.keys()].filter((name) => name !== "by_hash").sort());
    for (const [name, estimate] of fresh)
      expect([name, estimate / (built.get(name) ?? 0)]).toEqual([name, expect.closeTo(0, 1)]);

    await app("DELETE FROM stock WHERE id % 5 <> 0");
    await app("VACUUM ANALYZE stock");
    const [bloated, before] = [await estimates(), await sizes()];
    await app("REINDEX TABLE stock");
    const after = await sizes();
    await bloat.close();
    for (const [name, estimate] of bloated) {
      const [size, wasted] = [before.get(name) ?? 0, (before.get(name) ?? 0) - (after.get(name) ?? 0)];
      expect([name, estimate / size]).toEqual([name, expect.closeTo(wasted / size, 1)]);
    }
  });

  it("the share of heap-only updates is that since the last look", async () => {
    await app(`
      CREATE TABLE counters (id int PRIMARY KEY, hits int, kind int) WITH (fillfactor = 20);
      INSERT INTO counters SELECT g, 0, g FROM generate_series(1, 1000) g;
      CREATE INDEX by_kind ON counters (kind)`);
    const tables = watch(objects());
    const updates = async (expected: number) => {
      await eventually("the updates are counted", async () => {
        const [row] = await app<{ updates: string }>(
          "SELECT n_tup_upd AS updates FROM pg_stat_user_tables WHERE relname = 'counters'",
        );
        return Number(row?.updates) === expected ? true : undefined;
      });
      const found = (await tables.look()).filter(
        ({ name, attributes }) =>
          name === "dbintel.postgresql.table.hot_updates" && attributes.get("db.collection.name") === "counters",
      );
      return found.map(({ value }) => value);
    };
    expect(await updates(0)).toEqual([]);
    await app("UPDATE counters SET hits = 1");
    expect(await updates(1000)).toEqual([1]);
    expect(await updates(1000)).toEqual([]);
    await app("UPDATE counters SET hits = 2 WHERE id <= 100");
    await app("UPDATE counters SET kind = -kind WHERE id <= 300");
    expect(await updates(1400)).toEqual([0.25]);
    await tables.close();
  });

  it("indexes and columns of pgvector are told where the extension is", async () => {
    await app("CREATE EXTENSION vector");
    await app(`
      CREATE TABLE items (id int, embedding vector, small halfvec, other vector);
      INSERT INTO items SELECT g, g, g, g FROM generate_series(1, 3000) g;
      CREATE INDEX ON items USING hnsw (embedding);
      CREATE INDEX ON items USING hnsw (small);
      CREATE INDEX ON items (id);
      ANALYZE items`);
    const find = async (database: string) => {
      const visits = watch(objects(), database);
      const points = await visits.look();
      await visits.close();
      return points
        .filter(({ name }) => name.startsWith("dbintel.postgresql.vector."))
        .map(({ name, value, attributes }) => [
          name.slice("dbintel.postgresql.vector.".length),
          attributes.get("dbintel.postgresql.index.kind") ?? attributes.get("dbintel.postgresql.type"),
          Number(value),
        ]);
    };
    expect(new Set(await find("app"))).toEqual(
      new Set([
        ["columns", "halfvec", 1],
        ["columns", "vector", 2],
        ["index.entries", "hnsw", 6000],
        ["index.size", "hnsw", expect.any(Number)],
        ["indexes", "hnsw", 2],
      ]),
    );
    expect(await find("plain")).toEqual([]);
  });
});
