import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describeExtension, describePostgres } from "@dbintel/e2e/servers/vitest";
import { pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bloatErrand } from "../src/objects/bloat.ts";
import type { Errand } from "../src/visits/errand.ts";
import { objects, visitDatabases } from "./visiting.ts";

function watchVisits(server: PostgresServer, errand: Errand | undefined, database = "app") {
  if (errand === undefined) throw new Error("nothing is wanted");
  const databases = visitDatabases(server, { errands: [errand], reportsDatabase: (name) => name === database });
  return {
    async look(): Promise<readonly SeenPoint[]> {
      const { batches, problems } = await databases.round();
      expect(problems).toEqual([]);
      await databases.host.clock.advance(errand.intervalMs);
      return pointsOf(batches);
    },
    close: databases.close,
  };
}

describePostgres(18, "what is estimated and derived of tables and indexes", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ settings: { autovacuum: false } });
    await server.query("CREATE DATABASE app");
  });
  afterAll(() => server?.stop());

  const app = <Row extends Record<string, unknown>>(sql: string) => server.query<Row>(sql, [], { database: "app" });
  const watch = (errand: Errand | undefined) => watchVisits(server, errand);

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
});

describeExtension(16, "vector", "what is told of pgvector", () => {
  it("its indexes by kind and its columns, where the extension is", async () => {
    await using server = await startPostgres({ major: 16, settings: { autovacuum: false } });
    for (const name of ["app", "plain"]) await server.query(`CREATE DATABASE ${name}`);
    const app = (sql: string) => server.query<{ size: string }>(sql, [], { database: "app" });
    await app("CREATE EXTENSION vector");
    await app(`
      CREATE TABLE items (id int, embedding vector(3), small halfvec(3), sparse sparsevec(9), other vector);
      INSERT INTO items SELECT g, ('[' || concat_ws(',', g, g % 7, 1) || ']')::vector(3), '[1,2,3]', '{1:1}/9', NULL
        FROM generate_series(1, 3000) g;
      CREATE INDEX ON items USING hnsw (embedding vector_l2_ops);
      CREATE INDEX ON items USING hnsw (small halfvec_cosine_ops);
      CREATE INDEX ON items USING ivfflat (embedding vector_ip_ops) WITH (lists = 10);
      CREATE INDEX ON items (id);
      ANALYZE items`);
    const [truth] = await app(
      "SELECT sum(pg_relation_size(c.oid)) AS size FROM pg_class c JOIN pg_am m ON m.oid = c.relam WHERE amname = 'hnsw'",
    );
    const find = async (database: string) => {
      const visits = watchVisits(server, objects(), database);
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
        ["columns", "sparsevec", 1],
        ["columns", "vector", 2],
        ["index.entries", "hnsw", 6000],
        ["index.entries", "ivfflat", 3000],
        ["index.size", "hnsw", Number(truth?.size)],
        ["index.size", "ivfflat", expect.any(Number)],
        ["indexes", "hnsw", 2],
        ["indexes", "ivfflat", 1],
      ]),
    );
    expect(await find("plain")).toEqual([]);
  });
});
