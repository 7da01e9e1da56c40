// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is tested
import { describe, expect, it } from "vitest";
import { findings, valid } from "../test/sample.ts";

const components = `receivers: {otlp: , postgresql: {endpoint: x}}
processors: {batch: , filter: {conditions: [{when: "true"}]}}
exporters: {debug: , otlp_http: {endpoint: "http://x"}}
extensions: {health_check: }
connectors: {forward: , count: }
`;

/** Findings of a service on top of {@link components}, without the warnings about what is not used. */
function service(...lines: readonly string[]): string {
  const yaml = `${components}service:\n${lines.map((line) => `  ${line}\n`).join("")}`;
  return findings(yaml)
    .split("\n")
    .filter((line) => !line.includes("is configured, but"))
    .map((line) => line.replace("service.pipelines.", "…"))
    .join("\n");
}

describe("references of a pipeline", () => {
  it("must lead to something that is configured", () => {
    expect(
      service("pipelines:", "  logs:", "    receivers: [oltp]", "    processors: [bach]", "    exporters: [kafka]"),
    ).toBe(
      [
        'c.yaml:9:19 …logs.receivers[0]: names the receiver "oltp", which is not configured (did you mean "otlp"?)',
        'c.yaml:10:20 …logs.processors[0]: names the processor "bach", which is not configured (did you mean "batch"?)',
        'c.yaml:11:19 …logs.exporters[0]: names the exporter "kafka", which is not configured',
        "    configure it under exporters, or remove it here",
      ].join("\n"),
    );
  });

  it("say where an id of another kind belongs", () => {
    expect(service("pipelines: {logs: {receivers: [otlp], processors: [debug], exporters: [debug]}}")).toBe(
      [
        'c.yaml:7:54 …logs.processors[0]: names the processor "debug", which is not configured',
        '    "debug" is configured under exporters',
      ].join("\n"),
    );
  });

  it("may have spaces around their parts", () => {
    expect(service('pipelines: {logs: {receivers: [" otlp "], exporters: [debug]}}')).toBe("");
  });

  it("must be there for receivers and exporters", () => {
    expect(service("pipelines: {logs: {receivers: [otlp]}, traces: }")).toBe(
      [
        "c.yaml:7:15 …logs: the pipeline has no exporter",
        "    list the ids under exporters",
        "c.yaml:7:42 …traces: the pipeline has no receiver",
        "    list the ids under receivers",
        "c.yaml:7:42 …traces: the pipeline has no exporter",
        "    list the ids under exporters",
      ].join("\n"),
    );
  });

  it("must not name a processor twice; a receiver or exporter twice is a warning", () => {
    expect(
      service("pipelines: {logs: {receivers: [otlp, otlp], processors: [batch, batch], exporters: [debug]}}"),
    ).toBe(
      [
        'c.yaml:7:40 …logs.receivers[1]: warning: names the receiver "otlp" more than once',
        'c.yaml:7:67 …logs.processors[1]: names the processor "batch" more than once',
      ].join("\n"),
    );
  });

  it("must lead to components that support the signal", () => {
    expect(service("pipelines: {traces: {receivers: [postgresql], exporters: [debug]}}")).toBe(
      [
        'c.yaml:7:36 …traces.receivers[0]: the receiver "postgresql" does not support traces',
        "    it supports logs, metrics",
      ].join("\n"),
    );
  });

  it("must be texts", () => {
    expect(service("pipelines: {logs: {receivers: [otlp, 1], exporters: debug}}")).toBe(
      [
        "c.yaml:7:40 …logs.receivers[1]: expected a string, got 1",
        "    put it between quotes",
        "c.yaml:7:55 …logs.exporters: expected a list, got a string",
        "    a list is written [a, b], or with a line for each entry that begins with -",
      ].join("\n"),
    );
  });
});

describe("ids of pipelines", () => {
  it.each([
    ["profiles", "the signal profiles is not supported"],
    ["log", 'unknown signal "log" (did you mean "logs"?)'],
    ["spans/x", 'unknown signal "spans"'],
  ])("%s", (id, message) => {
    expect(service(`pipelines: {${id}: {receivers: [otlp], exporters: [debug]}}`)).toBe(
      [
        `c.yaml:7:15 …${id}: ${message}`,
        "    a pipeline's id is logs, metrics or traces, and a name of its own behind a slash: logs/databases",
      ].join("\n"),
    );
  });

  it("must be different after trimming", () => {
    const pipeline = "{receivers: [otlp], exporters: [debug]}";
    expect(service("pipelines:", `  logs/a: ${pipeline}`, `  logs/ a: ${pipeline}`)).toBe(
      'c.yaml:9:5 service.pipelines["logs/ a"]: duplicate id "logs/a": spaces around its parts do not count',
    );
  });
});

describe("extensions", () => {
  it("must be configured", () => {
    expect(service("extensions: [healthcheck, x]", "pipelines: {logs: {receivers: [otlp], exporters: [debug]}}")).toBe(
      [
        'c.yaml:7:16 service.extensions[0]: names the extension "healthcheck", which is not configured (did you mean "health_check"?)',
        'c.yaml:7:29 service.extensions[1]: names the extension "x", which is not configured',
        "    configure it under extensions, or remove it here",
      ].join("\n"),
    );
  });
});

describe("a section that a reference should give", () => {
  it("is reported alone when the reference cannot be resolved", () => {
    const service = "service: {pipelines: {logs: {receivers: [a], processors: [b], exporters: [c]}}}\n";
    const other = "receivers: '${file:r.yaml}'\nprocessors: '${file:p.yaml}'\nexporters: '${env:E}'\n";
    expect(findings(other + service).match(/^c\.yaml.*$/gm)).toEqual([
      "c.yaml:1:12 receivers: the file r.yaml cannot be read: no such file or directory",
      "c.yaml:2:13 processors: the file p.yaml cannot be read: no such file or directory",
      "c.yaml:3:12 exporters: the environment variable E is not set",
    ]);
    expect(findings(`${components}service: {pipelines: {logs: '\${file:l.yaml}'}}\n`)).toBe(
      "c.yaml:6:29 service.pipelines.logs: the file l.yaml cannot be read: no such file or directory\n" +
        "    see that it exists and may be read",
    );
  });
});

describe("components that nothing names", () => {
  it("are warnings", () => {
    expect(findings(`${components}service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n`)).toBe(
      [
        'c.yaml:1:21 receivers.postgresql: warning: the receiver "postgresql" is configured, but no pipeline names it',
        'c.yaml:2:14 processors.batch: warning: the processor "batch" is configured, but no pipeline names it',
        'c.yaml:2:23 processors.filter: warning: the processor "filter" is configured, but no pipeline names it',
        'c.yaml:3:22 exporters.otlp_http: warning: the exporter "otlp_http" is configured, but no pipeline names it',
        'c.yaml:4:14 extensions.health_check: warning: the extension "health_check" is configured, but service.extensions does not name it',
        'c.yaml:5:14 connectors.forward: warning: the connector "forward" is configured, but no pipeline names it',
        'c.yaml:5:25 connectors.count: warning: the connector "count" is configured, but no pipeline names it',
      ].join("\n"),
    );
  });
});

describe("what only follows from another error is not said", () => {
  it.each([
    [
      "services:",
      valid.replace("service:", "services:"),
      'c.yaml:6:1: unknown key "services" (did you mean "service"?)',
    ],
    [
      "pipeline:",
      valid.replace("pipelines:", "pipeline:"),
      'c.yaml:7:3 service: unknown key "pipeline" (did you mean "pipelines"?)',
    ],
    [
      "receiver:",
      valid.replace("receivers:", "receiver:"),
      'c.yaml:1:1: unknown key "receiver" (did you mean "receivers"?)',
    ],
    [
      "a list of receivers",
      valid.replace("  postgresql:", "  - postgresql:"),
      "c.yaml:2:3 receivers: expected a map of receivers, got a list\n    write a key for each, name: instead of - name:",
    ],
    [
      "a pipeline that names nothing",
      valid.replace("[debug]", "debug"),
      "c.yaml:10:18 service.pipelines.logs.exporters: expected a list, got a string\n    a list is written [a, b], or with a line for each entry that begins with -",
    ],
  ])("%s", (_, yaml, finding) => {
    expect(findings(yaml)).toBe(finding);
  });
});
