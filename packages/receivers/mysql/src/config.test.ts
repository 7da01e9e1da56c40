import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { mysqlConfig, settingsWithoutEffect } from "./config.ts";
import { metricDefinitions, metricNames } from "./metrics/metric-catalogue.ts";

const required = { username: "otel", password: "secret" };

describe("mysqlConfig", () => {
  it("has the defaults of the OpenTelemetry Collector, except that it encrypts, verifies and sends events", () => {
    expect(mysqlConfig.parse(required)).toMatchObject({
      endpoint: "localhost:3306",
      transport: "tcp",
      collection_interval: 10_000,
      initial_delay: 1000,
      tls: { insecure: false, insecure_skip_verify: false },
      top_query_collection: { top_query_count: 200, collection_interval: 60_000 },
      query_sample_collection: { collection_interval: 10_000, max_rows_per_query: 1000 },
      events: { "db.server.top_query": { enabled: true }, "db.server.query_sample": { enabled: true } },
      statement_timeout: 5000,
      lock_timeout: 1000,
    });
  });

  it("never prints the password", () => {
    const config = mysqlConfig.parse(required);
    expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain("secret");
  });

  it.each([
    [{ endpoint: "localhost" }, "endpoint"],
    [{ transport: "udp" }, "transport"],
    [{ transport: "unix" }, "transport"],
    [{ username: "" }, "username"],
    [{ endpoint: "db:1", endpoints: ["db:2"] }, "endpoint"],
    [{ password_file: "password" }, "password_file"],
    [{ platform: "unheard_of" }, "platform"],
    [{ statement_timeout: "0s" }, "statement_timeout"],
    [{ metrics: { "mysql.thread": { enabled: true } } }, "metrics"],
    [{ top_query_collection: { top_n_query: 5 } }, "top_query_collection"],
    [{ canary: { query: "DELETE FROM shop.orders" } }, "canary.query"],
    [{ canary: { query: "SHOW TABLES" } }, "canary.query"],
    [{ canary: { query: "SELECT 1; SELECT 2" } }, "canary.query"],
    [{ canary: { query: "SELECT * FROM shop.orders FOR UPDATE" } }, "canary.query"],
    [{ canary: { query: "SELECT GET_LOCK('x', 10)" } }, "canary.query"],
    [{ canary: { timeout: "0s" } }, "canary.timeout"],
    [{ databse: ["x"] }, ""],
  ])("refuses %j", (change, path) => {
    const result = mysqlConfig.safeParse({ ...required, ...change });
    expect(result.error?.issues[0]?.path.join(".")).toBe(path);
  });

  it("takes a configuration of the OpenTelemetry Collector and says what has no effect", () => {
    const config = mysqlConfig.parse({
      ...required,
      database: "otel",
      allow_native_passwords: true,
      statement_events: { digest_text_limit: 120, time_limit: "24h", limit: 250 },
      query_sample_collection: { max_rows_per_query: 100 },
      events: { "db.server.query_sample": { enabled: true }, "db.server.top_query": { enabled: true } },
      top_query_collection: { lookback_time: 60, max_query_sample_count: 1000, top_query_count: 100 },
      metrics: { "mysql.replica.sql_delay": { enabled: true }, "mysql.commands": { enabled: false } },
    });
    expect(settingsWithoutEffect(config)).toEqual([
      "database",
      "top_query_collection.lookback_time",
      "top_query_collection.max_query_sample_count",
    ]);
  });

  it("knows each metric once, by name and by what tells its numbers apart", () => {
    expect(new Set(metricDefinitions.map(({ name }) => name)).size).toBe(metricDefinitions.length);
    expect(new Set(metricNames).size).toBe(metricNames.length);
    for (const { name, values } of metricDefinitions) {
      const marks = values.map(({ attributes }) => JSON.stringify(attributes ?? {}));
      expect(new Set(marks).size, name).toBe(marks.length);
    }
  });
});
