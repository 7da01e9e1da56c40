import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  bodies,
  type Diary,
  logsOf,
  TestReceiver,
  testEnvironment,
  testExporter,
  testExtension,
} from "../test/components.ts";
import { createPipeline, defineExporter, defineExtension, type PipelineOptions } from "./index.ts";
import { Sink } from "./testing/index.ts";

const refusal = (message: string, hint: string) =>
  expect.objectContaining({ code: "DBI_CONFIG_INVALID", message, hint: expect.stringContaining(hint) });

describe("receivers of an application", () => {
  it("bring batches beside the calls of consume, and keep the process until they are stopped", async () => {
    const keeping = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const [one, other, sink] = [new TestReceiver(), new TestReceiver(), new Sink<"logs">()];
    const pipeline = createPipeline({ receivers: [one.configured(), other.configured()], exporter: { logs: sink } });
    const before = keeping();
    await pipeline.start();
    expect(keeping()).toBe(before + 1);
    await pipeline.logs.consume(logsOf("called"));
    await one.send(logsOf("received"));
    await other.send(logsOf("received too"));
    expect(sink.batches.map(bodies)).toEqual([["called"], ["received"], ["received too"]]);
    const receivers = pipeline.accounting().filter(({ kind }) => kind === "receiver");
    expect(receivers.map(({ id, ledger }) => `${id} ${ledger.of("logs").sent}`).toSorted()).toEqual([
      "input 1",
      "test 1",
      "test/2 1",
    ]);
    await pipeline.stop();
    expect(keeping()).toBe(before);
  });

  it("are refused where nothing would ever ask them, or where their id is taken", () => {
    const { definition, config } = new TestReceiver().configured();
    const logsOnly = { config, definition: { ...definition, signals: { logs: "stable" } } } as const;
    const exporter = { metrics: new Sink<"metrics">() };
    expect(() => createPipeline({ receivers: { "test/a": logsOnly }, exporter })).toThrow(
      refusal('receiver "test/a" gives logs, and the pipeline takes metrics', "`signals`"),
    );
    expect(() => createPipeline({ receivers: { input: logsOnly }, exporter: testExporter() })).toThrow(
      refusal('receivers["input"]: calls of consume have this id', "type/name"),
    );
    const given = { receivers: [testExporter()], exporter } as unknown as PipelineOptions;
    expect(() => createPipeline(given)).toThrow(refusal('receivers[0] is the exporter "test"', "`receivers`"));
  });
});

describe("exporters of an application", () => {
  it("names exporters as it is told to", () => {
    const pipeline = createPipeline({ exporters: { "test/eu": testExporter(), mine: { logs: new Sink<"logs">() } } });
    const exporters = pipeline.accounting().filter(({ kind }) => kind === "exporter");
    expect(exporters.map(({ id }) => id).toSorted()).toEqual(["mine", "test/eu"]);
    expect(() => createPipeline({ exporter: testExporter(), exporters: { test: testExporter() } })).toThrow(
      "the pipeline has an `exporter` beside `exporters` by id",
    );
    expect(() => createPipeline({ exporters: { "../x": testExporter() } })).toThrow('exporters["../x"]: the type must');
  });
});

describe("extensions of an application", () => {
  it("start before all others in their order, and stop after them", async () => {
    const diary: Diary = [];
    const extensions = { test: testExtension({ diary }), "test/2": testExtension({ diary }) };
    const exporter = testExporter(undefined, { diary });
    const pipeline = createPipeline({ extensions, exporter, host: testEnvironment() });
    await pipeline.start();
    expect(diary).toEqual(["start extension test", "start extension test/2", "start exporter test"]);
    diary.length = 0;
    await pipeline.stop();
    expect(diary).toEqual(["stop exporter test", "stop extension test/2", "stop extension test"]);
  });

  it("are found by the ids that settings name", () => {
    const journals = defineExtension({
      type: "journals",
      description: "An extension of a test.",
      stability: "alpha",
      schema: z.strictObject({}),
      create: () => ({
        start: async () => {},
        stop: async () => {},
        openJournal: () => Promise.reject(new Error("no disk")),
      }),
    });
    const queued = defineExporter({
      type: "queued",
      description: "An exporter of a test.",
      signals: { logs: "alpha" },
      schema: z.strictObject({ storage: z.string() }),
      create: ({ config, host }) => {
        host.extensions.journalProvider(config.storage);
        return { start: async () => {}, stop: async () => {}, consumers: { logs: new Sink<"logs">() } };
      },
    });
    const extensions = { journals: journals(), "journals/2": journals() };
    const made = (storage: string) => () => createPipeline({ extensions, exporter: queued({ storage }) });
    expect(made("journals/2")).not.toThrow();
    expect(made("journals/3")).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('sending_queue.storage names the extension "journals/3", which does not run'),
        hint: expect.stringContaining(
          "`extensions` of createPipeline) and keeps data on disk, one of journals, journals/2",
        ),
      }),
    );
  });

  it("are refused where they are none, or have no id", () => {
    const made = (extensions: unknown) => () =>
      createPipeline({ extensions, exporter: testExporter() } as PipelineOptions);
    expect(made([testExtension()])).toThrow(refusal("extensions is a list", "file_storage:"));
    expect(made({ "a b": testExtension() })).toThrow('extensions["a b"]: the type must begin with a letter');
    expect(made({ test: testExporter() })).toThrow(
      refusal('extensions["test"] is the exporter "test"', "`extensions`"),
    );
    expect(made({ test: undefined })).toThrow(refusal('extensions["test"] is no extension', "call"));
  });
});

describe("options of an application without types", () => {
  const made = (options: unknown) => () => createPipeline(options as PipelineOptions);
  const exporter = { logs: new Sink<"logs">() };

  it("are refused where they are none, or unknown", () => {
    expect(made(undefined)).toThrow(refusal("createPipeline was given no options", "exporter"));
    expect(made({ exporter, extension: {} })).toThrow(
      refusal('createPipeline knows no option "extension"', 'did you mean "extensions"?'),
    );
    expect(made({ exporter, queue: {} })).toThrow(
      refusal('createPipeline knows no option "queue"', "it knows receivers,"),
    );
  });

  it("are refused where a component stands for a list, or a function for a component", () => {
    expect(made({ exporter, processors: testExporter() })).toThrow(refusal("processors is no list", "processors: ["));
    for (const odd of [null, async () => {}]) {
      expect(made({ exporter: odd })).toThrow(refusal("exporter is no exporter", "consume: async"));
    }
    expect(made({ exporter: { logs: async () => {} } })).toThrow(
      refusal("exporter.logs has no function consume", "consume: async"),
    );
  });
});
