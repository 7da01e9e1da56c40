import { PartialError, RefusedError } from "@dbintel/errors";
import { metricsBuilder } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { bodies, type Diary, logsOf, testEnvironment, testExporter, testProcessor } from "../test/components.ts";
import {
  createPipeline,
  defineExporter,
  defineProcessor,
  type PipelineOptions,
  type StorageProvider,
} from "./index.ts";
import { Sink } from "./testing/index.ts";

const dropAll = testProcessor((batch) => {
  if (batch.signal === "logs") for (const record of batch.records()) record.drop("unwanted");
});

describe("createPipeline", () => {
  it("runs a batch through the processors in order, into consumers of the application", async () => {
    const sink = new Sink<"logs">();
    const append = (text: string) =>
      testProcessor((batch) => {
        if (batch.signal === "logs") for (const record of batch.records()) record.body = String(record.body) + text;
      });
    await using pipeline = createPipeline({ processors: [append("1"), append("2")], exporter: { logs: sink } });
    const batch = logsOf("a", "b");
    await pipeline.logs.consume(batch);
    expect(sink.batches.map(bodies)).toEqual([["a12", "b12"]]);
    expect(bodies(batch)).toEqual(["a", "b"]);
  });

  it("starts by itself with the first batch, and stops what it started", async () => {
    const diary: Diary = [];
    const pipeline = createPipeline({ exporter: testExporter(undefined, { diary }), host: testEnvironment() });
    expect(diary).toEqual([]);
    await Promise.all([pipeline.logs.consume(logsOf("a")), pipeline.logs.consume(logsOf("b"))]);
    expect(diary).toEqual(["start exporter test"]);
    expect(await pipeline.stop()).toEqual([]);
    expect(diary).toEqual(["start exporter test", "stop exporter test"]);
  });

  it("refuses batches after the end, until it is started again", async () => {
    const sink = new Sink<"logs">();
    const pipeline = createPipeline({ exporter: { logs: sink } });
    await pipeline.logs.consume(logsOf("a"));
    await pipeline.stop();
    await expect(pipeline.logs.consume(logsOf("b"))).rejects.toMatchObject({
      kind: "refused",
      code: "DBI_SHUTTING_DOWN",
    });
    await pipeline.start();
    await pipeline.logs.consume(logsOf("c"));
    expect(sink.batches.map(bodies)).toEqual([["a"], ["c"]]);
    await pipeline.stop();
  });

  it("rejects a signal that a component does not take, so that nothing passes by a processor in silence", async () => {
    const sink = new Sink<"metrics">();
    await using pipeline = createPipeline({
      processors: [testProcessor(undefined, { signals: ["logs"] })],
      exporter: { metrics: sink, logs: new Sink<"logs">() },
    });
    const point = { timeUnixNano: 1n, value: 1n };
    const metrics = metricsBuilder().resource({ attributes: {} }).scope({ name: "t" }).gauge({ name: "g" }, [point]);
    await expect(pipeline.metrics.consume(metrics.build())).rejects.toMatchObject({
      kind: "permanent",
      message: 'processor "test" does not take metrics',
      hint: "make another pipeline for metrics, of components that take them",
    });
    expect(sink.batches).toEqual([]);
  });

  it("gives every batch to each of several exporters", async () => {
    const sinks = [new Sink<"logs">(), new Sink<"logs">()];
    await using pipeline = createPipeline({ exporters: sinks.map((logs) => ({ logs })) });
    await pipeline.logs.consume(logsOf("a"));
    expect(sinks.map(({ items }) => items)).toEqual([1, 1]);
    expect(pipeline.accounting().map(({ id }) => id)).toEqual(["input", "output/2", "output"]);
  });

  it("passes errors to the caller and accounts for every record", async () => {
    const sink = new Sink<"logs">();
    await using pipeline = createPipeline({ exporter: { logs: sink } });
    sink.failNext(new RefusedError("full"), new PartialError("one bad", { rejected: 1 }));
    await expect(pipeline.logs.consume(logsOf("a", "b"))).rejects.toMatchObject({ kind: "refused" });
    await expect(pipeline.logs.consume(logsOf("a", "b"))).rejects.toMatchObject({ kind: "partial" });
    const [input, output] = pipeline.accounting().map(({ ledger }) => ledger.of("logs"));
    expect(input).toMatchObject({ received: 4, refused: 2, sent: 2, held: 0 });
    expect(output).toMatchObject({ received: 4, refused: 2, sent: 1, dropped: new Map([["rejected", 1]]), held: 0 });
  });

  it("resolves when a processor has dropped everything", async () => {
    const sink = new Sink<"logs">();
    await using pipeline = createPipeline({ processors: [dropAll], exporter: { logs: sink } });
    await pipeline.logs.consume(logsOf("a"));
    expect(sink.batches).toEqual([]);
  });

  it("rejects with what kept a component from starting", async () => {
    const exporter = testExporter(undefined, { onStart: () => Promise.reject(new Error("no disk")) });
    const pipeline = createPipeline({ exporter, host: testEnvironment() });
    await expect(pipeline.logs.consume(logsOf("a"))).rejects.toMatchObject({ code: "DBI_COMPONENT_START" });
    await expect(pipeline.start()).rejects.toMatchObject({ code: "DBI_COMPONENT_START" });
  });

  it("needs an exporter", () => {
    for (const options of [{}, { exporters: [] }, { exporters: {} }]) {
      expect(() => createPipeline(options)).toThrow("the pipeline has no exporter");
    }
  });

  it("takes the signals that it is for, and lets a component be that takes no others", async () => {
    const sink = new Sink<"logs">();
    const logsOnly = defineExporter({
      type: "logs_only",
      description: "An exporter of a test, which with its settings takes less than its definition says.",
      signals: { logs: "alpha", metrics: "alpha" },
      schema: z.strictObject({}),
      create: () => ({ start: async () => {}, stop: async () => {}, consumers: { logs: sink } }),
    });
    expect(() => createPipeline({ exporter: logsOnly() })).toThrow(
      expect.objectContaining({
        message: 'exporter "logs_only" takes no metrics with its settings',
        hint: expect.stringContaining("`signals` of createPipeline"),
      }),
    );
    await using pipeline = createPipeline({ exporter: logsOnly(), signals: ["logs"] });
    await pipeline.logs.consume(logsOf("a"));
    expect(sink.batches.map(bodies)).toEqual([["a"]]);
    await expect(pipeline.metrics.consume(metricsBuilder().build())).rejects.toThrow(
      "the pipeline does not take metrics",
    );
  });

  it("has state kept by its host where no extension does", async () => {
    const kept = new Map<string, Uint8Array>();
    const storageProvider: StorageProvider = {
      storage: ({ kind, id }) => ({
        durable: true,
        load: async (name) => kept.get(`${kind} ${id} ${name}`),
        save: async (name, snapshot) => void kept.set(`${kind} ${id} ${name}`, snapshot),
      }),
    };
    const remembering = defineProcessor({
      type: "remembering",
      description: "A processor of a test.",
      signals: { logs: "alpha" },
      schema: z.strictObject({}),
      create: ({ host, next }) => ({
        start: () => host.storage.save("state", Uint8Array.of(1)),
        stop: async () => {},
        consume: (batch, context) => next.consume(batch, context),
      }),
    });
    const exporter = { logs: new Sink<"logs">() };
    await using pipeline = createPipeline({ processors: [remembering()], exporter, host: { storageProvider } });
    await pipeline.start();
    expect([...kept.keys()]).toEqual(["processor remembering state"]);
  });

  it("says what is no component where one belongs", () => {
    const factory = defineProcessor({
      type: "idle",
      description: "A processor of a test.",
      signals: { logs: "alpha" },
      schema: z.strictObject({}),
      create: () => ({ start: async () => {}, stop: async () => {}, consume: async () => {} }),
    });
    const exporter = { logs: new Sink<"logs">() };
    const made = (options: unknown) => () => createPipeline(options as PipelineOptions);
    const refusal = (message: string, hint: string) =>
      expect.objectContaining({ code: "DBI_CONFIG_INVALID", message, hint: expect.stringContaining(hint) });
    expect(made({ processors: [factory], exporter })).toThrow(
      refusal('processors[0] is the processor "idle" without its settings', "call it"),
    );
    expect(made({ processors: [factory(), testExporter()], exporter })).toThrow(
      refusal('processors[1] is the exporter "test"', "`processors`, `exporter` and `extensions`"),
    );
    expect(made({ processors: [{}], exporter })).toThrow(refusal("processors[0] is no processor", "call"));
    expect(made({ exporter: factory() })).toThrow(refusal('exporter is the processor "idle"', "`exporter`"));
    expect(made({ exporters: [exporter, new Sink()] })).toThrow(refusal("exporters[1] takes no signal", "otlpHttp"));
  });

  it("takes nothing but a batch of the signal", async () => {
    const sink = new Sink<"logs">();
    await using pipeline = createPipeline({ exporter: { logs: sink, metrics: new Sink<"metrics">() } });
    for (const given of [undefined, { resourceLogs: [] }, logsOf("a").encode(), metricsBuilder().build()]) {
      await expect(pipeline.logs.consume(given as never)).rejects.toMatchObject({
        kind: "permanent",
        message: "logs.consume was not given a batch of logs",
        hint: expect.stringContaining("decodeLogs(bytes)"),
      });
    }
    expect(sink.batches).toEqual([]);
  });
});
