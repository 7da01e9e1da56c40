import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { postgresqlConfig, settingsWithoutEffect } from "./config.ts";

const required = { username: "otel", password: "secret" };

describe("postgresqlConfig", () => {
  it("has the defaults of the OpenTelemetry Collector, except that it verifies certificates and sends events", () => {
    expect(postgresqlConfig.parse(required)).toMatchObject({
      endpoint: "localhost:5432",
      transport: "tcp",
      databases: [],
      exclude_databases: [],
      connect_database: "postgres",
      collection_interval: 10_000,
      initial_delay: 1000,
      timeout: 0,
      tls: { insecure: false, insecure_skip_verify: false },
      top_query_collection: { top_n_query: 200, collection_interval: 60_000 },
      query_sample_collection: { max_rows_per_query: 1000, collection_interval: 10_000 },
      events: { "db.server.top_query": { enabled: true }, "db.server.query_sample": { enabled: true } },
      statement_timeout: 5000,
      lock_timeout: 100,
    });
  });

  it("never prints the password", () => {
    const config = postgresqlConfig.parse(required);
    expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain("secret");
  });

  it.each([
    [{ endpoint: "localhost" }, "endpoint"],
    [{ username: "" }, "username"],
    [{ endpoint: "db:1", endpoints: ["db:2"] }, "endpoint"],
    [{ password_file: "password" }, "password_file"],
    [{ platform: "unheard_of" }, "platform"],
    [{ collection_interval: "0" }, "collection_interval"],
    [{ metrics: { "postgresql.comits": { enabled: true } } }, "metrics"],
    [{ databse: ["x"] }, ""],
    [{ query_sample_collection: { max_rows_per_query: 0 } }, "query_sample_collection.max_rows_per_query"],
    [{ query_sample_collection: { collection_interval: "0s" } }, "query_sample_collection.collection_interval"],
    [{ circuit_breaker: { failure_rate: 1.1 } }, "circuit_breaker.failure_rate"],
    [{ statement_timeout: "0s" }, "statement_timeout"],
  ])("refuses %j", (change, path) => {
    const result = postgresqlConfig.safeParse({ ...required, ...change });
    expect(result.error?.issues[0]?.path.join(".")).toBe(path);
  });

  it("takes a configuration of the OpenTelemetry Collector and says what has no effect", () => {
    const config = postgresqlConfig.parse({
      ...required,
      endpoint: "db:5432",
      metrics: { "postgresql.vector.search.calls": { enabled: true }, "postgresql.deadlocks": { enabled: true } },
      events: { "db.server.query_sample": { enabled: true }, "db.server.top_query": { enabled: true } },
      query_sample_collection: { max_rows_per_query: 100 },
      top_query_collection: { max_rows_per_query: 100, top_n_query: 50, max_explain_each_interval: 0 },
      connection_pool: { max_open: 3 },
    });
    expect(settingsWithoutEffect(config)).toEqual([
      "connection_pool",
      "top_query_collection.max_rows_per_query",
      "metrics.postgresql.vector.search.calls",
    ]);
  });
});
