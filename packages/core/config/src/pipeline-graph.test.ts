import { describe, expect, it } from "vitest";
import { findings } from "../test/sample.ts";

/** Findings of pipelines written as `id: receivers > exporters`, without warnings about what is not used. */
function graph(connectors: string, ...pipelines: readonly string[]): string {
  const flows = pipelines.map((text) => {
    const [id, receivers, exporters] = text.split(/ > |: /);
    return `    ${id}: {receivers: [${receivers}], exporters: [${exporters}]}\n`;
  });
  const yaml = `receivers: {otlp: }\nexporters: {debug: }\nconnectors: {${connectors}}\nservice:\n  pipelines:\n${flows.join("")}`;
  const lines = findings(yaml).replaceAll("service.pipelines.", "…").split("\n");
  return lines.filter((line) => !line.includes("is configured, but")).join("\n");
}

describe("connectors", () => {
  it("join pipelines, also from one signal to another", () => {
    expect(
      graph("forward: , count: ", "logs: otlp > forward, count", "logs/b: forward > debug", "metrics: count > debug"),
    ).toBe("");
  });

  it("must be used on both sides", () => {
    expect(graph("forward: ", "logs: otlp > forward")).toBe(
      [
        'c.yaml:6:43 …logs.exporters[0]: the connector "forward" takes logs here, but gives them to no pipeline',
        "    name it under receivers of another pipeline of logs",
      ].join("\n"),
    );
    expect(graph("forward: ", "logs: otlp, forward > debug")).toBe(
      [
        'c.yaml:6:30 …logs.receivers[1]: the connector "forward" gives logs here, but takes none from any pipeline',
        "    name it under exporters of another pipeline of logs",
      ].join("\n"),
    );
  });

  it("must translate between the signals of both sides", () => {
    expect(graph("count: ", "traces: otlp > count", "metrics: otlp, count > debug")).toBe(
      [
        'c.yaml:6:45 …traces.exporters[0]: the connector "count" takes traces here, but gives them to no pipeline',
        "    it does not take traces",
        'c.yaml:7:33 …metrics.receivers[1]: the connector "count" gives metrics here, but takes none from any pipeline',
        "    name it under exporters of another pipeline of logs",
      ].join("\n"),
    );
  });

  it("must not share their id with a receiver or an exporter", () => {
    const yaml = "receivers: {otlp: }\nexporters: {debug: , forward: }\nconnectors: {forward: }\n";
    const service =
      "service: {pipelines: {logs: {receivers: [otlp], exporters: [forward]}, logs/b: {receivers: [forward], exporters: [debug]}}}\n";
    expect(findings(yaml + service)).toBe(
      [
        'c.yaml:2:22 exporters.forward: unknown exporter type "forward"',
        "    known types: debug, otlp_http",
        'c.yaml:3:14 connectors.forward: the id "forward" is used by a connector and under exporters',
        "    give one of them a name: forward/name",
      ].join("\n"),
    );
  });
});

describe("cycles", () => {
  const advice = "\n    remove one of these connectors from the exporters or the receivers";

  it("are printed from pipeline to pipeline", () => {
    expect(
      graph("forward: , forward/b: ", "logs: otlp, forward/b > debug, forward", "logs/b: forward > forward/b"),
    ).toBe(
      `c.yaml:6:61 …logs.exporters[1]: data would go in a circle: logs → forward → logs/b → forward/b → logs${advice}`,
    );
  });

  it("may be of one pipeline alone", () => {
    expect(graph("forward: ", "logs: otlp, forward > debug, forward")).toBe(
      `c.yaml:6:59 …logs.exporters[1]: data would go in a circle: logs → forward → logs${advice}`,
    );
  });

  it("are each reported, without what only leads into them or comes out of them", () => {
    const text = graph(
      "forward/1: , forward/2: , forward/3: , forward/4: ",
      "logs/in: otlp > forward/1",
      "logs/a: forward/1, forward/2 > forward/2, forward/3",
      "logs/b: forward/3, forward/4 > forward/4, debug",
    );
    expect(text).toBe(
      [
        `c.yaml:7:61 …logs/a.exporters[0]: data would go in a circle: logs/a → forward/2 → logs/a${advice}`,
        `c.yaml:8:61 …logs/b.exporters[0]: data would go in a circle: logs/b → forward/4 → logs/b${advice}`,
      ].join("\n"),
    );
  });

  it("are none where two ways meet again", () => {
    expect(
      graph(
        "forward/1: , forward/2: , forward/3: , forward/4: ",
        "logs: otlp > forward/1, forward/2",
        "logs/a: forward/1 > forward/3",
        "logs/b: forward/2 > forward/4",
        "logs/c: forward/3, forward/4 > debug",
      ),
    ).toBe("");
  });
});
