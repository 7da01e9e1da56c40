import { DbintelError } from "@dbintel/errors";
import { describe, expect, it } from "vitest";
import {
  type Diary,
  type Life,
  specOf,
  TestReceiver,
  testConnector,
  testEnvironment,
  testExporter,
  testExtension,
  testProcessor,
} from "../test/components.ts";
import { Graph, type Host } from "./index.ts";
import { settle } from "./testing/index.ts";

/** Two pipelines joined by a connector, an extension, and a diary of starts and stops. */
function joined(lives: Readonly<Record<string, Life>> = {}) {
  const diary: Diary = [];
  const life = (id: string): Life => ({ diary, ...lives[id] });
  const environment = testEnvironment();
  const graph = new Graph(
    specOf({
      extensions: { health: testExtension(life("health")) },
      receivers: { r: new TestReceiver().configured(life("r")), unused: new TestReceiver().configured(life("unused")) },
      processors: { p: testProcessor(undefined, life("p")) },
      connectors: { c: testConnector(life("c")) },
      exporters: { x: testExporter(undefined, life("x")), near: testExporter(undefined, life("near")) },
      pipelines: { "logs/in": "r > p > c, near", "logs/out": "c > > x" },
    }),
    environment,
    { stopDeadlineMs: 10_000 },
  );
  const states = () => Object.fromEntries(graph.components().map(({ id, status }) => [id, status.state]));
  return { diary, graph, states, ...environment };
}

const hang = () => new Promise<void>(() => {});

describe("the life of a graph", () => {
  it("starts extensions first, then downstream before upstream, and stops the other way", async () => {
    const { diary, graph } = joined();
    await graph.start();
    expect(diary).toHaveLength(6);
    const at = (name: string) => diary.indexOf(`start ${name}`);
    expect(at("extension health")).toBe(0);
    expect(at("exporter x")).toBeLessThan(at("connector c"));
    expect(at("connector c")).toBeLessThan(at("processor p"));
    expect(at("exporter near")).toBeLessThan(at("processor p"));
    expect(at("receiver r")).toBe(diary.length - 1);
    expect(diary).not.toContain("start receiver unused");

    const started = diary.splice(0);
    expect(await graph.stop()).toEqual([]);
    expect(diary[0]).toBe("stop receiver r");
    expect(diary.at(-1)).toBe("stop extension health");
    expect(diary.length).toBe(started.length);
  });

  it("has those that leave something alone ask for it again", async () => {
    let retries = 0;
    const { graph } = joined({ r: { onRetry: () => void retries++ } });
    await graph.start();
    graph.retry();
    expect(retries).toBe(1);
    await graph.stop();
  });

  it("is ready between the moment when all has started and the beginning of shutdown", async () => {
    const seen: boolean[] = [];
    const { graph } = joined({
      r: { onStart: (host) => void seen.push(host.collector.ready), onStop: () => void seen.push(graph.ready) },
    });
    expect(graph.ready).toBe(false);
    await graph.start();
    expect(graph.ready).toBe(true);
    await graph.stop();
    expect([...seen, graph.ready]).toEqual([false, false, false]);
  });

  it("starts and stops only once, and starts again after a stop", async () => {
    const { diary, graph } = joined();
    await Promise.all([graph.start(), graph.start()]);
    await graph.start();
    expect(diary.filter((line) => line === "start receiver r")).toHaveLength(1);
    await Promise.all([graph.stop(), graph.stop()]);
    expect(await graph.stop()).toEqual([]);
    expect(diary.filter((line) => line === "stop receiver r")).toHaveLength(1);
    await graph.start();
    expect(diary.filter((line) => line === "start receiver r")).toHaveLength(2);
    const stopping = graph.stop();
    await graph.start();
    await stopping;
    expect(graph.ready).toBe(true);
  });

  it("names the component that cannot start, and stops what had started", async () => {
    const cause = new DbintelError("port taken", { code: "DBI_LISTEN", hint: "choose another" });
    const { diary, graph, states } = joined({ p: { onStart: () => Promise.reject(cause) } });
    await expect(graph.start()).rejects.toMatchObject({
      code: "DBI_COMPONENT_START",
      message: 'cannot start processor "p" of pipeline "logs/in": port taken',
      hint: "choose another",
      cause,
    });
    expect(diary).not.toContain("start receiver r");
    for (const name of ["exporter x", "exporter near", "connector c", "extension health"]) {
      expect(diary).toContain(`stop ${name}`);
    }
    expect(new Set(Object.values(states()))).toEqual(new Set(["stopped"]));
    expect(graph.ready).toBe(false);
  });

  it("gives up a start that is stopped", async () => {
    const { graph } = joined({ c: { onStart: hang } });
    const start = graph.start();
    await settle();
    expect(await graph.stop()).toEqual([]);
    await expect(start).rejects.toMatchObject({ code: "DBI_COMPONENT_START", cause: { code: "DBI_ABORTED" } });
  });

  it("lets a component that is created wrongly fail with its name", () => {
    const broken = testExporter();
    const create = () => {
      throw new TypeError("no such option");
    };
    const spec = specOf({
      receivers: { r: new TestReceiver().configured() },
      exporters: { x: { ...broken, definition: { ...broken.definition, create } } },
      pipelines: { logs: "r > > x" },
    });
    expect(() => new Graph(spec, testEnvironment())).toThrow('cannot start exporter "x": no such option');
  });

  it("reports and leaves a component that does not stop, within the deadline and one second", async () => {
    const signals: AbortSignal[] = [];
    const { graph, clock, lines, states, diary } = joined({
      c: {
        onStop: (signal) => {
          signals.push(signal);
          return hang();
        },
      },
    });
    await graph.start();
    const stopping = graph.stop();
    await clock.advance(9999);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await clock.advance(1001);
    const failures = await stopping;
    expect(failures).toMatchObject([
      { code: "DBI_COMPONENT_STOP", message: expect.stringContaining('connector "c" did not stop cleanly') },
    ]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(lines.filter(({ level }) => level === "error")).toMatchObject([{ fields: { error: failures[0] } }]);
    expect(states()).toMatchObject({ c: "stopping", x: "stopped", health: "stopped" });
    expect(diary).toContain("stop extension health");
    expect(clock.pendingTimers).toBe(0);
  });

  it("goes on when a component fails to stop", async () => {
    const { graph, states } = joined({ p: { onStop: () => Promise.reject(new Error("handle is gone")) } });
    await graph.start();
    expect(await graph.stop()).toMatchObject([{ message: expect.stringContaining("handle is gone") }]);
    expect(states()).toMatchObject({ x: "stopped", near: "stopped", health: "stopped" });
  });

  it("stops when it is disposed of", async () => {
    const { diary, graph } = joined();
    {
      await using disposed = graph;
      await disposed.start();
    }
    expect(diary).toContain("stop receiver r");
  });
});

describe("the status of components", () => {
  it("goes from starting over ok to stopped, and watchers see each step once", async () => {
    const { graph } = joined();
    const seen: string[] = [];
    const unsubscribe = graph.subscribe(({ id, status }) => {
      if (id === "x") seen.push(status.state);
    });
    await graph.start();
    await graph.stop();
    expect(seen).toEqual(["ok", "stopping", "stopped"]);
    unsubscribe();
    await graph.start();
    expect(seen).toHaveLength(3);
  });

  it("is what the component reports while it lives", async () => {
    const hosts: Host[] = [];
    const { graph, states, clock } = joined({
      x: {
        onStart: (host) => {
          hosts.push(host);
          host.reportStatus({ state: "recoverable_error", message: "not reachable yet" });
        },
      },
    });
    const events: string[] = [];
    graph.subscribe(({ id, status }) => {
      if (id === "x") events.push(status.state);
    });
    await graph.start();
    expect(states().x).toBe("recoverable_error");
    await clock.advance(5000);
    const before = graph.components().find(({ id }) => id === "x")?.sinceUnixNano;
    hosts[0]?.reportStatus({ state: "recoverable_error", message: "not reachable yet" });
    hosts[0]?.reportStatus({ state: "recoverable_error", message: "wrong certificate" });
    hosts[0]?.reportStatus({ state: "ok" });
    expect(graph.components().find(({ id }) => id === "x")?.sinceUnixNano).toBe((before ?? 0n) + 5_000_000_000n);
    await graph.stop();
    hosts[0]?.reportStatus({ state: "ok" });
    expect(states().x).toBe("stopped");
    expect(events).toEqual(["recoverable_error", "recoverable_error", "ok", "stopping", "stopped"]);
  });

  it("is seen by components through the collector's view", async () => {
    let view: readonly string[] = [];
    const { graph } = joined({
      r: {
        onStart: ({ collector }) => {
          view = collector.components().map(({ kind, id, status }) => `${kind} ${id} ${status.state}`);
        },
      },
    });
    await graph.start();
    expect(view).toContain("extension health ok");
    expect(view).toContain("receiver r starting");
  });
});
