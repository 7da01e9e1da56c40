import { inspect } from "node:util";
import { defaultBreakerSettings } from "@dbintel/guard";
import { breakerSettings, parseEndpoint } from "@dbintel/watching";
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

  it("guards the server as @dbintel/guard does by default", () => {
    const { circuit_breaker } = postgresqlConfig.parse(required);
    expect(breakerSettings(circuit_breaker)).toEqual(defaultBreakerSettings);
  });

  it("never prints the password", () => {
    const config = postgresqlConfig.parse(required);
    expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain("secret");
  });

  it.each([
    [{ endpoint: "localhost" }, "endpoint"],
    [{ endpoint: "host:port" }, "endpoint"],
    [{ username: "" }, "username"],
    [{ endpoint: "db:1", endpoints: ["db:2"] }, "endpoint"],
    [{ endpoints: [] }, "endpoints"],
    [{ endpoints: ["db"] }, "endpoints.0"],
    [{ endpoints: ["db:1", "db:1"] }, "endpoints"],
    [{ instances_file: "list.yaml", dns_srv: "_db._tcp.example.com" }, "dns_srv"],
    [{ dns_servers: ["ns.example.com"] }, "dns_servers.0"],
    [{ dns_servers: ["10.0.0.2:99999"] }, "dns_servers.0"],
    [{ discovery_interval: "0s" }, "discovery_interval"],
    [{ max_instances: 0 }, "max_instances"],
    [{ password_file: "password" }, "password_file"],
    [{ password_command: [] }, "password_command"],
    [{ databases: ["x".repeat(257)] }, "databases.0"],
    [{ platform: "unheard_of" }, "platform"],
    [{ collection_interval: "0" }, "collection_interval"],
    [{ metrics: { "postgresql.comits": { enabled: true } } }, "metrics"],
    [{ databse: ["x"] }, ""],
    [{ query_sample_collection: { max_rows_per_query: 0 } }, "query_sample_collection.max_rows_per_query"],
    [{ query_sample_collection: { collection_interval: "0s" } }, "query_sample_collection.collection_interval"],
    [{ circuit_breaker: { failure_rate: 1.1 } }, "circuit_breaker.failure_rate"],
    [{ circuit_breaker: { failure_threshold: 0 } }, "circuit_breaker.failure_threshold"],
    [{ circuit_breaker: { window: "0s" } }, "circuit_breaker.window"],
    [{ circuit_breaker: { base_timeout: "40s" } }, "circuit_breaker.max_timeout"],
    [{ circuit_breaker: { open_state_timeout: "11m" } }, "circuit_breaker.max_open_state_timeout"],
    [{ circuit_breaker: { shed_order: ["size"] } }, "circuit_breaker.shed_order.0"],
    [{ circuit_breaker: { shed_order: ["sizes", "sizes"] } }, "circuit_breaker.shed_order"],
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

it.each([
  ["db.example.com:5433", { host: "db.example.com", port: 5433 }],
  ["[::1]:5432", { host: "::1", port: 5432 }],
])("reads the endpoint %s", (endpoint, expected) => {
  expect(parseEndpoint(endpoint)).toEqual(expected);
});
