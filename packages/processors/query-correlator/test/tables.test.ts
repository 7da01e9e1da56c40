import { expect, it } from "vitest";
import { Correlators, serverResource, top, type Values } from "./correlators.ts";

const orders = { "db.namespace": "shop", "db.collection.name": "public.orders" };

/** What the OpenTelemetry Collector's receiver tells of a table. */
function table(
  place: Values,
  facts: { live: number; dead: number; scans?: number; byIndex?: number; updates?: number },
) {
  return [
    { name: "postgresql.rows", value: facts.live, attributes: { ...place, state: "live" } },
    { name: "postgresql.rows", value: facts.dead, attributes: { ...place, state: "dead" } },
    { name: "postgresql.sequential_scans", value: facts.scans ?? 0, attributes: place },
    ...["orders_pkey", "orders_customer"].map((index) => ({
      name: "postgresql.index.scans",
      value: (facts.byIndex ?? 0) / 2,
      attributes: { ...place, "postgresql.index.name": index },
    })),
    { name: "postgresql.operations", value: facts.updates ?? 0, attributes: { ...place, operation: "upd" } },
    { name: "postgresql.operations", value: 7, attributes: { ...place, operation: "hot_upd" } },
  ];
}

const select = "SELECT * FROM orders WHERE id = $1";

function tables(values: Values | undefined): Values {
  const prefix = "db.query.tables.";
  return Object.fromEntries(
    Object.entries(values ?? {}).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
    ),
  );
}

it("tells of a statement how its tables are", async () => {
  const correlators = await Correlators.start();
  await correlators.metrics(table(orders, { live: 20_000, dead: 5_000, scans: 10, byIndex: 100, updates: 1000 }));
  await correlators.clock.advance(10_000);
  await correlators.metrics(table(orders, { live: 20_000, dead: 5_000, scans: 70, byIndex: 140, updates: 1500 }));
  const [record] = await correlators.logs([top(select)]);
  expect(tables(record)).toEqual({
    rows: 20_000n,
    dead_rows: 5_000n,
    dead_ratio: 0.2,
    write_rate: 50,
    vacuum_needed: ["orders"],
    scanned_without_index: ["orders"],
  });
});

it("needs a vacuum above PostgreSQL's own threshold, and an index where a large table is mostly read in full", async () => {
  const correlators = await Correlators.start();
  const ask = async (facts: Parameters<typeof table>[1]) => {
    await correlators.clock.advance(10_000);
    await correlators.metrics(table(orders, facts));
    const told = tables((await correlators.logs([top(select)]))[0]);
    return [told.vacuum_needed, told.scanned_without_index];
  };
  expect(await ask({ live: 10_000, dead: 2050, scans: 0, byIndex: 0 })).toEqual([undefined, undefined]);
  expect(await ask({ live: 10_000, dead: 2051, scans: 10, byIndex: 10 })).toEqual([["orders"], ["orders"]]);
  expect(await ask({ live: 10_000, dead: 0, scans: 19, byIndex: 20 })).toEqual([undefined, undefined]);
  expect(await ask({ live: 9_999, dead: 0, scans: 99, byIndex: 20 })).toEqual([undefined, undefined]);
  // Statistics that were reset say nothing about the interval.
  expect(await ask({ live: 10_000, dead: 0, scans: 5, byIndex: 0 })).toEqual([undefined, undefined]);
});

it("knows the tables of postgres_exporter, of MySQL, and of the older names", async () => {
  const correlators = await Correlators.start();
  const exporter = { datname: "shop", schemaname: "public", relname: "orders" };
  const at = correlators.clock.unixNano() / 1_000_000_000n;
  await correlators.metrics([
    { name: "pg_stat_user_tables_n_live_tup", value: 100, attributes: exporter },
    { name: "pg_stat_user_tables_n_mod_since_analyze", value: 61, attributes: exporter },
    { name: "pg_stat_user_tables_last_autovacuum", value: Number(at) - 60, attributes: exporter },
    { name: "pg_stat_user_tables_last_vacuum", value: 0, attributes: exporter },
    { name: "pg_stat_user_tables_table_size_bytes", value: 800, attributes: exporter },
    { name: "pg_stat_user_tables_index_size_bytes", value: 200, attributes: exporter },
  ]);
  const [postgresql] = await correlators.logs([top(select)]);
  expect(tables(postgresql)).toEqual({
    rows: 100n,
    modified_rows: 61n,
    size: 1000n,
    vacuum_age: 60,
    analyze_needed: ["orders"],
  });

  const mysql = { "mysql.instance.endpoint": "my.example:3306", "db.system.name": "mysql" };
  const items = { schema: "shop", table: "items" };
  await correlators.metrics([{ name: "mysql.table.rows", value: 5, attributes: items }], mysql);
  const [digest] = await correlators.logs([top("SELECT * FROM `shop`.`items`")], mysql);
  expect(tables(digest)).toEqual({ rows: 5n });

  const legacy = { ...serverResource, "postgresql.database.name": "crm", "postgresql.table.name": "sales.leads" };
  await correlators.metrics([{ name: "postgresql.rows", value: 3, attributes: { state: "live" } }], legacy);
  const [lead] = await correlators.logs([top("SELECT 1 FROM sales.leads", 1, { "db.namespace": "crm" })]);
  expect(tables(lead)).toEqual({ rows: 3n });
});

it("takes a table without a schema for that of public, and for none where it cannot know", async () => {
  const correlators = await Correlators.start();
  const in_ = (schema: string) => ({ "db.namespace": "shop", "db.collection.name": `${schema}.orders` });
  const rows = async () => tables((await correlators.logs([top(select)]))[0]).rows;
  await correlators.metrics(table(in_("archive"), { live: 1, dead: 0 }));
  expect(await rows()).toBe(1n);
  await correlators.metrics(table(in_("staging"), { live: 2, dead: 0 }));
  expect(await rows()).toBeUndefined();
  await correlators.metrics(table(in_("public"), { live: 3, dead: 0 }));
  expect(await rows()).toBe(3n);
  const [named] = await correlators.logs([top("SELECT 1 FROM staging.orders")]);
  expect(tables(named).rows).toBe(2n);
});

it("does not join what is of another time, database or server", async () => {
  const correlators = await Correlators.start({ max_age: "1m", retention: "1h" });
  await correlators.metrics(table(orders, { live: 1, dead: 0 }));
  await correlators.metrics(table(orders, { live: 2, dead: 0 }), { "service.instance.id": "other.example:5432" });
  const rows = async (record = top(select), resource?: Values) =>
    tables((await correlators.logs([record], resource))[0]).rows;
  expect(await rows(top(select, 1, { "db.namespace": "crm" }))).toBeUndefined();
  expect(await rows(top(select), { "service.instance.id": "third.example:5432" })).toBeUndefined();
  expect(await rows(top(select), { "service.instance.id": "other.example:5432" })).toBe(2n);
  await correlators.clock.advance(60_000);
  expect(await rows()).toBe(1n);
  await correlators.clock.advance(1);
  expect(await rows()).toBeUndefined();
});

it("remembers tables over a restart, and forgets the table not spoken of for longest", async () => {
  const first = await Correlators.start({ max_tables: 2 });
  for (const name of ["a", "b", "c"]) {
    const place = { "db.namespace": "shop", "db.collection.name": `public.${name}` };
    await first.metrics(table(place, { live: 1, dead: 0 }));
  }
  const second = await Correlators.start({ max_tables: 2 }, await first.stop());
  const rows = (await second.logs(["a", "b", "c"].map((name) => top(`SELECT 1 FROM ${name}`)))).map(tables);
  expect(rows.map((told) => told.rows)).toEqual([undefined, 1n, 1n]);
});

it("says nothing of tables when that is off", async () => {
  const correlators = await Correlators.start({ tables: { enabled: false } });
  await correlators.metrics(table(orders, { live: 1, dead: 0 }));
  expect(tables((await correlators.logs([top(select)]))[0])).toEqual({});
});
