import { pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import { afterEach, beforeAll, expect, it } from "vitest";
import type { SharedServer } from "./metrics-suite.ts";
import { watch } from "./watch.ts";

const tables = ["a", "b", "c", "d", "e", "f"] as const;

export function objectsSuite({ server }: SharedServer): void {
  const opened: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    await server().query("CREATE DATABASE many");
    for (const [at, name] of tables.entries()) {
      await server().query(`CREATE TABLE many.${name} (id int PRIMARY KEY AUTO_INCREMENT, v text) ENGINE = MyISAM`);
      await insert(name, at + 1);
    }
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });

  async function insert(table: string, rows: number): Promise<void> {
    const values = Array.from({ length: rows }, () => "(REPEAT('x', 4000))").join(", ");
    await server().query(`INSERT INTO many.${table} (v) VALUES ${values}`);
  }

  function observe(options: Parameters<typeof watch>[1] = {}) {
    const look = watch(server(), { reportsSchema: (name) => name === "many", ...options });
    opened.push(look);
    return async () => {
      const { batches, problems = [] } = await look.pollObjects();
      return { points: pointsOf(batches), problems };
    };
  }

  /** By table, or "other". */
  function inserts(points: readonly SeenPoint[]): ReadonlyMap<string, number> {
    return new Map(
      points
        .filter(
          ({ name, attributes }) => name === "mysql.table.io.wait.count" && attributes.get("operation") === "insert",
        )
        .map(({ attributes, value }) => [nameOf(attributes), Number(value)]),
    );
  }

  const nameOf = (attributes: SeenPoint["attributes"]) => {
    const name = attributes.get("table") ?? attributes.get("dbintel.aggregate");
    return typeof name === "string" ? name : "";
  };

  function dataSizes(points: readonly SeenPoint[]): ReadonlyMap<string, number> {
    return new Map(
      points
        .filter(({ name, attributes }) => name === "mysql.table.size" && attributes.get("kind") === "data")
        .map(({ attributes, value }) => [nameOf(attributes), Number(value)]),
    );
  }

  const sum = (values: Iterable<number>) => [...values].reduce((all, each) => all + each, 0);

  it("tell what tables and indexes were used for", async () => {
    const { points, problems } = await observe({ reportsSchema: () => true })();
    expect(problems).toEqual([]);
    const of = (name: string, attributes: Readonly<Record<string, string>>) =>
      points.find(
        (point) =>
          point.name === name &&
          Object.entries(attributes).every(([key, value]) => point.attributes.get(key) === value),
      );
    const table = { schema: "app", table: "t" };
    expect(Number(of("mysql.table.io.wait.count", { ...table, operation: "insert" })?.value)).toBeGreaterThanOrEqual(3);
    expect(Number(of("mysql.table.io.wait.time", { ...table, operation: "insert" })?.value)).toBeGreaterThan(0);
    const fetches = of("mysql.index.io.wait.count", { ...table, index: "by_v", operation: "fetch" });
    expect(Number(fetches?.value)).toBeGreaterThan(0);
    expect(points.some(({ attributes }) => attributes.get("schema") === "performance_schema")).toBe(false);
  });

  it("are told one by one when they are busy, and summed exactly when they are not", async () => {
    const look = observe({ objects: { max_tables: 2 } });
    let last = inserts((await look()).points);
    expect(last.size).toBe(3);
    expect(last.get("other")).toBe(0);
    const counted = new Map<string, number>(tables.map((name, at) => [name, at + 1]));
    let other = 0;
    // Each time busier than all that was remembered of the times before.
    for (const [at, busy] of (["a", "b", "a", "d"] as const).entries()) {
      const written = new Map<string, number>([...tables.map((name) => [name, 1] as const), [busy, 50 * 3 ** at]]);
      for (const [name, rows] of written) {
        await insert(name, rows);
        counted.set(name, (counted.get(name) ?? 0) + rows);
      }
      const now = inserts((await look()).points);
      expect(now.size).toBe(3);
      expect(now.get(busy)).toBe(counted.get(busy));
      // The rest counts all that was not told alone at both looks.
      for (const [name, rows] of written) if (!(last.has(name) && now.has(name))) other += rows;
      expect(now.get("other")).toBe(other);
      last = now;
    }
  });

  it("leave a dropped table out, and count nothing twice", async () => {
    await server().query("CREATE TABLE many.gone (id int PRIMARY KEY)");
    await server().query("INSERT INTO many.gone VALUES (1), (2)");
    const look = observe();
    expect(inserts((await look()).points).get("gone")).toBe(2);
    await server().query("DROP TABLE many.gone");
    const after = inserts((await look()).points);
    expect([...after.keys()].sort()).toEqual([...tables]);
  });

  it("have sizes: the largest one by one, the others in one row", async () => {
    const all = dataSizes((await observe()()).points);
    expect([...all.keys()].sort()).toEqual([...tables]);
    const few = dataSizes((await observe({ objects: { max_tables: 2 } })()).points);
    const [first, second] = [...all].toSorted(([, a], [, b]) => b - a);
    expect([...few].slice(0, 2)).toEqual([first, second]);
    expect(few.size).toBe(3);
    expect(sum(few.values())).toBe(sum(all.values()));
  });

  it("are not measured where they are too many, which is a problem that says so", async () => {
    const { points, problems } = await observe({ objects: { max_sized_tables: 3 } })();
    expect(dataSizes(points).size).toBe(0);
    expect(problems).toMatchObject([{ hint: expect.stringContaining("max_sized_tables") }]);
    expect(inserts(points).size).toBe(tables.length);
    expect((await observe({ objects: { max_sized_tables: 0 } })()).problems).toEqual([]);
  });
}
