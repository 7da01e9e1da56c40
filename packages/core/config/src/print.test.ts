// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is tested
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { check, valid, withSettings } from "../test/sample.ts";
import { requireConfig } from "./check.ts";
import { formatDiagnostics } from "./diagnostic.ts";
import { effectiveValue } from "./effective.ts";
import { headers } from "./network.ts";
import { redactedConfig } from "./print.ts";
import { secret } from "./secret.ts";

describe("redactedConfig", () => {
  const yaml = withSettings("password: hunter2", "interval: ${env:I}", "events: {db.server.top_query: }");
  const config = requireConfig(check(yaml, { env: { I: "1m" } }));

  it("prints what is in effect: defaults filled in, in the words of the configuration, secrets redacted", () => {
    expect(redactedConfig(config)).toBe(`receivers:
  postgresql:
    endpoint: localhost:5432
    username: postgres
    password: "[REDACTED]"
    databases: []
    interval: 1m
    connections: 2
    mode: fast
    events:
      db.server.top_query:
        enabled: true
      db.server.query_sample:
        enabled: true
    attributes: {}
exporters:
  debug:
    verbosity: basic
service:
  extensions: []
  pipelines:
    logs:
      receivers:
        - postgresql
      processors: []
      exporters:
        - debug
  telemetry:
    logs:
      level: info
`);
  });

  it("prints a configuration that is read back as the same", () => {
    const again = check(redactedConfig(config));
    expect(formatDiagnostics(again.diagnostics)).toBe("");
    expect(redactedConfig(requireConfig(again))).toBe(redactedConfig(config));
  });

  it("prints JSON with the same content", () => {
    const json = JSON.parse(redactedConfig(config, { format: "json" }));
    expect(json.receivers.postgresql).toMatchObject({ password: "[REDACTED]", interval: "1m" });
    expect(redactedConfig(requireConfig(check(redactedConfig(config, { format: "json" }))))).toBe(
      redactedConfig(config),
    );
  });

  it("prints no secret of a header, whatever its name, and no password of a URL", () => {
    const exporter = "  otlp_http:\n    endpoint: https://user:hunter2@x/\n    headers: {x-anything: hunter2}\n";
    const text = redactedConfig(
      requireConfig(check(valid.replace("  debug:\n", exporter).replace("[debug]", "[otlp_http]"))),
    );
    expect(text).not.toContain("hunter2");
    expect(text).toContain("endpoint: https://[REDACTED]@x/");
    expect(text).toContain('x-anything: "[REDACTED]"');
  });
});

describe("effectiveValue", () => {
  it.each<readonly [string, z.ZodType, unknown, unknown]>([
    ["a default", z.number().default(5), undefined, 5],
    ["what stands before a transform", z.string().transform(Number).prefault("7"), undefined, "7"],
    ["a secret in an optional map", z.object({ a: secret() }).optional(), { a: "x" }, { a: "[REDACTED]" }],
    ["a map that is not there", z.object({ a: z.number().default(1) }).optional(), undefined, undefined],
    ["the defaults of an empty map", z.object({ a: z.number().default(1) }).prefault({}), undefined, { a: 1 }],
    [
      "the member of a union that fits",
      z.union([z.number(), z.object({ a: secret() })]),
      { a: "x" },
      { a: "[REDACTED]" },
    ],
    ["a list of secrets", z.array(secret()), ["x", "y"], ["[REDACTED]", "[REDACTED]"]],
    ["a record of maps", z.record(z.string(), z.object({ a: z.int().default(1) })), { k: {} }, { k: { a: 1 } }],
    [
      "both sides of an intersection",
      z.object({ a: headers() }).and(z.object({ b: z.int().default(1) })),
      { a: { k: "x" } },
      { a: { k: "[REDACTED]" }, b: 1 },
    ],
    ["keys that the schema passes through", z.looseObject({}), { a: ["http://u:p@h"] }, { a: ["http://[REDACTED]@h"] }],
    [
      "a map that refers to itself",
      z.lazy(() => z.object({ a: secret().optional() })),
      { a: "x" },
      { a: "[REDACTED]" },
    ],
    ["null where it is allowed", z.string().nullable(), null, null],
  ])("keeps %s", (_, schema, value, expected) => {
    expect(effectiveValue(schema, value)).toEqual(expected);
  });
});
