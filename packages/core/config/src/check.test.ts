// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is tested
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { check, findings, valid, withSettings } from "../test/sample.ts";
import { componentTypesOf, requireConfig } from "./check.ts";
import { ConfigError, formatDiagnostics } from "./diagnostic.ts";
import { loadConfig } from "./load.ts";
import { Secret } from "./secret.ts";

describe("a configuration without errors", () => {
  it("has its components by id with defaults filled in, and its pipelines", () => {
    const { config, diagnostics } = check(
      withSettings("interval: 1m").replace("postgresql:", "postgresql/a:").replace("[postgresql]", "[postgresql/a]"),
    );
    expect(diagnostics).toEqual([]);
    const receiver = config?.receivers.get("postgresql/a");
    expect(receiver).toMatchObject({ id: "postgresql/a", type: "postgresql", name: "a" });
    expect(receiver?.position).toEqual({ source: "c.yaml", line: 2, column: 3 });
    expect(receiver?.config).toMatchObject({ endpoint: "localhost:5432", interval: 60_000, username: "postgres" });
    expect(config?.exporters.get("debug")?.config).toEqual({ verbosity: "basic" });
    expect(config?.service.pipelines.get("logs")).toEqual({
      id: "logs",
      signal: "logs",
      receivers: ["postgresql/a"],
      processors: [],
      exporters: ["debug"],
    });
    expect(config?.service.telemetry).toEqual({ logs: { level: "info" } });
  });

  it("has equal digests for equal settings, whatever their order and wherever they come from", () => {
    const digest = (settings: string) =>
      check(withSettings(settings), { env: { SECRET: "s3cret" } }).config?.receivers.get("postgresql")?.digest;
    const one = digest("interval: 1m\n    password: s3cret");
    expect(one).toMatch(/^[\w-]{43}$/);
    expect(digest("password: ${env:SECRET}\n    interval: 1m")).toBe(one);
    expect(digest("interval: 1m\n    password: other")).not.toBe(one);
    expect(digest("interval: 2m\n    password: s3cret")).not.toBe(one);
  });

  it("gives an empty block its defaults, and leaves out a block that is not there", () => {
    const yaml = (settings: string) =>
      valid
        .replace("  postgresql:\n    endpoint: localhost:5432", `  otlp:${settings}`)
        .replace("[postgresql]", "[otlp]");
    const configOf = (settings: string) => check(yaml(settings)).config?.receivers.get("otlp")?.config;
    expect(configOf("")).toEqual({ protocols: {} });
    expect(configOf("\n    protocols:")).toEqual({ protocols: {} });
    expect(configOf("\n    protocols:\n      http:")).toEqual({
      protocols: { http: { endpoint: { host: "localhost", port: 4318 } } },
    });
  });

  it("takes a key without a value as one that is not there", () => {
    const config = check(withSettings("interval:", "databases:", "password:")).config?.receivers.get(
      "postgresql",
    )?.config;
    expect(config).toMatchObject({ interval: 10_000, databases: [] });
    expect(config).not.toHaveProperty("password");
  });

  it("keeps secrets out of everything that prints", () => {
    const { config } = check(withSettings("password: hunter2"));
    const settings = config?.receivers.get("postgresql")?.config;
    expect(settings && "password" in settings ? settings.password : undefined).toBeInstanceOf(Secret);
    expect(inspect(config, { depth: 10 })).not.toContain("hunter2");
    expect(JSON.stringify([...(config?.receivers.values() ?? [])])).not.toContain("hunter2");
  });
});

describe("an unknown key", () => {
  it("is reported where it stands, with the key that was meant", () => {
    expect(findings(withSettings("intervall: 5s", "events: {db.server.topquery: {}}"))).toBe(
      [
        'c.yaml:4:5 receivers.postgresql: unknown key "intervall" (did you mean "interval"?)',
        'c.yaml:5:14 receivers.postgresql.events: unknown key "db.server.topquery" (did you mean "db.server.top_query"?)',
      ].join("\n"),
    );
  });

  it("comes with the known keys when none is near", () => {
    expect(findings(`${valid}pipelines: {}\n`)).toBe(
      [
        'c.yaml:11:1: unknown key "pipelines"',
        "    known keys: receivers, processors, exporters, connectors, extensions, service",
      ].join("\n"),
    );
    expect(findings(`${valid}  workers: 2\n`)).toBe(
      'c.yaml:11:3 service: unknown key "workers"\n    known keys: extensions, pipelines, telemetry',
    );
  });

  it("is found in the member of a union that was meant", () => {
    expect(findings(withSettings("shape: {kind: round, radius: 1, side: 1}"))).toBe(
      'c.yaml:4:37 receivers.postgresql.shape: the key "side" does not go with the keys beside it',
    );
  });
});

describe("a wrong type", () => {
  it.each([
    ["connections: two", '4:18 receivers.postgresql.connections: expected a number, got "two"'],
    ["connections: 1.5", "4:18 receivers.postgresql.connections: expected a whole number, got 1.5"],
    ["connections: 3", "4:18 receivers.postgresql.connections: must be at most 2, got 3"],
    ["connections: no", '4:18 receivers.postgresql.connections: expected a number, got "no"'],
    [
      "databases: a",
      "4:16 receivers.postgresql.databases: expected a list, got a string\n    a list is written [a, b], or with a line for each entry that begins with -",
    ],
    ["databases: [a, [b]]", "4:20 receivers.postgresql.databases[1]: expected a string, got a list"],
    ["events: [a]", "4:13 receivers.postgresql.events: expected a map, got a list"],
    [
      "attributes: {x: [1]}",
      "4:21 receivers.postgresql.attributes.x: expected a string, a number or a boolean, got a list",
    ],
    ["mode: fats", '4:11 receivers.postgresql.mode: expected "fast" or "thorough", got "fats" (did you mean "fast"?)'],
    ["shape: {kind: oval}", '4:19 receivers.postgresql.shape.kind: expected "round" or "square", got "oval"'],
    ["shape: {}", '4:5 receivers.postgresql.shape.kind: is required: "round" or "square"'],
    ["shape: {kind: round}", "4:5 receivers.postgresql.shape.radius: is required"],
    [
      "interval: 10",
      '4:15 receivers.postgresql.interval: expected a duration with a unit, such as "10s", "500ms" or "1h30m", got 10 (did you mean "10s"?)',
    ],
    ["interval: 1000h", "4:15 receivers.postgresql.interval: must be at most 596h"],
    [
      'connections: "2"',
      '4:18 receivers.postgresql.connections: expected a number, got "2"\n    write it without quotes',
    ],
    [
      "events: enabled:true",
      "4:13 receivers.postgresql.events: expected a map, got a string\n    put a space behind the colon: key: value",
    ],
    ["username: 5", "4:15 receivers.postgresql.username: expected a string, got 5\n    put it between quotes"],
    [
      "events: {db.server.top_query: {enabled: 1}}",
      '4:45 receivers.postgresql.events["db.server.top_query"].enabled: expected true or false, got 1 (did you mean "true"?)',
    ],
    [
      "events: {db.server.top_query: {enabled: No}}",
      '4:45 receivers.postgresql.events["db.server.top_query"].enabled: expected true or false, got "No" (did you mean "false"?)',
    ],
  ])("%s", (line, message) => {
    expect(findings(withSettings(line))).toBe(`c.yaml:${message}`);
  });

  it("does not show the value of a secret, of a key that looks like one, or a key and value that ran together", () => {
    const text = findings(
      withSettings("password: 12345", "attributes: {api_token: [hunter2]}", "connections: password:hunter2"),
    );
    expect(text).toBe(
      [
        "c.yaml:4:15 receivers.postgresql.password: expected a string, got a number",
        "    put it between quotes",
        "c.yaml:5:29 receivers.postgresql.attributes.api_token: expected a string, a number or a boolean, got a list",
        "c.yaml:6:18 receivers.postgresql.connections: expected a number, got a string",
      ].join("\n"),
    );
  });

  it("does not show the value of a variable", () => {
    const settings = withSettings("connections: ${env:N}", "mode: ${env:N}", "interval: ${env:N}");
    expect(findings(settings, { env: { N: "hunter2" } })).toBe(
      [
        "c.yaml:4:18 receivers.postgresql.connections: expected a number, got a string (from ${env:N})",
        'c.yaml:5:11 receivers.postgresql.mode: expected "fast" or "thorough", got a string (from ${env:N})',
        'c.yaml:6:15 receivers.postgresql.interval: expected a duration with a unit, such as "10s", "500ms" or "1h30m", got a string (from ${env:N})',
      ].join("\n"),
    );
  });

  it("of a whole section is one error", () => {
    expect(findings("receivers: [otlp]\nexporters: 5\nservice: x\n")).toBe(
      [
        "c.yaml:1:12 receivers: expected a map of receivers, got a list",
        "    write a key for each, name: instead of - name:",
        "c.yaml:2:12 exporters: expected a map of exporters, got a single value",
        "c.yaml:3:10 service: expected a map of settings, got a single value",
      ].join("\n"),
    );
  });
});

describe("what is missing", () => {
  it("is reported at the component that needs it", () => {
    expect(findings(valid.replace("    endpoint: localhost:5432\n", ""))).toBe(
      "c.yaml:2:3 receivers.postgresql.endpoint: is required",
    );
    expect(findings(valid.replace(" localhost:5432", ""))).toBe(
      "c.yaml:3:5 receivers.postgresql.endpoint: expected a string, got nothing",
    );
  });

  it("is named for an empty file and for empty sections", () => {
    expect(findings("")).toBe(
      "c.yaml:1:1: the configuration is empty\n    a configuration has receivers, exporters and service at least",
    );
    expect(findings("receivers:\nexporters: {}\nservice:\n")).toBe(
      [
        "c.yaml:1:1 receivers: no receiver is configured",
        "c.yaml:2:1 exporters: no exporter is configured",
        "c.yaml:3:1 service.pipelines: no pipeline is configured",
        "    a pipeline joins receivers and exporters under service.pipelines",
      ].join("\n"),
    );
  });
});

describe("ids", () => {
  it("must be different after trimming", () => {
    expect(findings(valid.replace("exporters:\n  debug:", 'exporters:\n  debug:\n  " debug":'))).toBe(
      'c.yaml:6:3 exporters[" debug"]: duplicate id "debug": spaces around its parts do not count',
    );
  });

  it("must not be written twice", () => {
    expect(findings(valid.replace("  debug:\n", "  debug:\n  debug:\n"))).toBe(
      'c.yaml:6:3: duplicate key "debug", first on line 5',
    );
  });

  it("must have a type and a name where there is a slash", () => {
    expect(findings(valid.replace("  debug:\n", "  debug:\n  debug/:\n  1x:\n"))).toBe(
      [
        'c.yaml:6:3 exporters.debug/: "debug/" is not an id: the part after / must not be empty',
        'c.yaml:7:3 exporters.1x: "1x" is not an id: the type must begin with a letter and have at most 63 letters, digits and _',
      ].join("\n"),
    );
  });

  it("must have a known type", () => {
    expect(findings(valid.replace("  debug:\n", "  debug:\n  otlp-http:\n  otlp_htp: {x: 1}\n"))).toBe(
      [
        'c.yaml:6:3 exporters.otlp-http: "otlp-http" is not an id: the type must begin with a letter and have at most 63 letters, digits and _',
        'c.yaml:7:3 exporters.otlp_htp: unknown exporter type "otlp_htp" (did you mean "otlp_http"?)',
        "    known types: debug, otlp_http",
      ].join("\n"),
    );
  });

  it("may use an old name of a type, with a warning", () => {
    const yaml = valid
      .replace("  debug:", "  otlphttp:\n    endpoint: http://localhost:4318")
      .replace("[debug]", "[otlphttp]");
    const { config, diagnostics } = check(yaml);
    expect(config?.exporters.get("otlphttp")?.type).toBe("otlp_http");
    expect(formatDiagnostics(diagnostics)).toBe(
      [
        'c.yaml:5:3 exporters.otlphttp: warning: "otlphttp" is an old name of the exporter type "otlp_http"',
        "    rename it here and where the service names it",
      ].join("\n"),
    );
  });
});

describe("all errors", () => {
  it("come at once, source by source from top to bottom", () => {
    const text = findings(withSettings("password: ${env:PW}", "x: 1").replace("[debug]", "[debugg]"), {
      set: ["exporters.debug.verbosity=high"],
    });
    expect(text).toBe(
      [
        "c.yaml:4:15 receivers.postgresql.password: the environment variable PW is not set",
        "    set it, or give a default: ${env:PW:-value}",
        'c.yaml:5:5 receivers.postgresql: unknown key "x"',
        "    known keys: endpoint, username, password, databases, interval, connections, mode, events, attributes, shape",
        'c.yaml:12:19 service.pipelines.logs.exporters[0]: names the exporter "debugg", which is not configured (did you mean "debug"?)',
        '--set:1:27 exporters.debug.verbosity: expected "basic" or "detailed", got "high"',
      ].join("\n"),
    );
  });

  it("are printed as JSON for programs", () => {
    const { diagnostics } = check(withSettings("intervall: 5s"));
    expect(JSON.parse(formatDiagnostics(diagnostics, { format: "json" }))).toEqual([
      {
        severity: "error",
        path: ["receivers", "postgresql"],
        position: { source: "c.yaml", line: 4, column: 5 },
        message: 'unknown key "intervall"',
        suggestion: "interval",
      },
    ]);
  });

  it("are what a ConfigError carries", () => {
    const checked = check(withSettings("connections: 3"));
    expect(() => requireConfig(checked)).toThrow(
      expect.objectContaining({
        name: "ConfigError",
        code: "DBI_CONFIG_INVALID",
        message:
          "the configuration has an error:\nc.yaml:4:18 receivers.postgresql.connections: must be at most 2, got 3",
        diagnostics: checked.diagnostics,
      }),
    );
    expect(() => requireConfig(checked)).toThrow(ConfigError);
    expect(requireConfig(check(valid)).receivers.size).toBe(1);
  });
});

describe("componentTypesOf", () => {
  it("lists each type that the configuration names once, for a registry that loads on demand", () => {
    const readFile = () => new TextEncoder().encode("receivers: {otlp: , otlp/2: , 1: }\nexporters: {debug: }\n");
    expect(componentTypesOf(loadConfig({ sources: ["c.yaml"], readFile }))).toEqual([
      { kind: "receiver", type: "otlp" },
      { kind: "exporter", type: "debug" },
    ]);
  });
});
