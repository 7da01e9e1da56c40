import { PartialError, PermanentError, RefusedError, RetryableError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import {
  bodies,
  logsOf,
  specOf,
  TestReceiver,
  testEnvironment,
  testExporter,
  testProcessor,
} from "../test/components.ts";
import { Graph, type GraphSpec, type LedgerEntry } from "./index.ts";
import { Sink } from "./testing/index.ts";

/** A graph whose receiver `r` a test speaks through. */
function graphOf(spec: Omit<Parameters<typeof specOf>[0], "receivers">) {
  const receiver = new TestReceiver();
  const complete: GraphSpec = specOf({ ...spec, receivers: { r: receiver.configured() } });
  const environment = testEnvironment();
  const graph = new Graph(complete, environment);
  const account = (id: string): LedgerEntry => {
    const component = graph.components().find((candidate) => candidate.id === id);
    if (component === undefined) throw new Error(`no component ${id}`);
    return component.ledger.of("logs");
  };
  return { receiver, graph, account, lines: environment.lines };
}

const dropWhere = (unwanted: string) =>
  testProcessor((batch) => {
    if (batch.signal !== "logs") return;
    for (const record of batch.records()) if (record.body === unwanted) record.drop("unwanted");
  });

describe("an edge", () => {
  it("counts what each component received, sent and dropped", async () => {
    const sink = new Sink<"logs">();
    const { receiver, account } = graphOf({
      processors: { p: dropWhere("noise") },
      exporters: { x: testExporter(sink) },
      pipelines: { logs: "r > p > x" },
    });
    await receiver.send(logsOf("a", "noise", "b"));
    expect(account("r")).toMatchObject({ received: 3, sent: 3, held: 0 });
    expect(account("p")).toMatchObject({ received: 3, sent: 2, dropped: new Map([["unwanted", 1]]), held: 0 });
    expect(account("x")).toMatchObject({ received: 2, sent: 2, held: 0 });
    expect(sink.batches.map(bodies)).toEqual([["a", "b"]]);
  });

  it("hands the callee a batch of its own: the caller's stays as it was", async () => {
    const { receiver } = graphOf({
      processors: { p: dropWhere("a") },
      exporters: { x: testExporter() },
      pipelines: { logs: "r > p > x" },
    });
    const batch = logsOf("a", "b");
    const before = Buffer.from(batch.encode());
    await receiver.send(batch);
    expect([batch.count, batch.dropped.size]).toEqual([2, 0]);
    expect(before.equals(batch.encode())).toBe(true);
  });

  it("does not pass on a batch whose items were all dropped", async () => {
    const sink = new Sink<"logs">();
    const { receiver, account } = graphOf({
      processors: { p: dropWhere("noise") },
      exporters: { x: testExporter(sink) },
      pipelines: { logs: "r > p > x" },
    });
    await receiver.send(logsOf("noise"));
    expect(sink.batches).toEqual([]);
    expect(account("p")).toMatchObject({ received: 1, sent: 0, held: 0 });
    expect(account("x").received).toBe(0);
  });

  describe("at the end of a pipeline", () => {
    const guardExit = (batch: Batch) => {
      if (batch.signal !== "logs") return;
      for (const record of batch.records()) {
        if (record.body === "secret") record.drop("guarded");
        if (record.body === "poison") throw new TypeError("a defect of the guard");
      }
    };
    const adding = testProcessor((batch) => {
      if (batch.signal === "logs")
        for (const record of batch.records()) if (record.body === "b") record.body = "secret";
    });

    it("has a guard of one of its processors drop what later ones added, for each exporter", async () => {
      const sinks = [new Sink<"logs">(), new Sink<"logs">()] as const;
      const { receiver, account } = graphOf({
        processors: { guard: testProcessor(undefined, { guardExit }), adding },
        exporters: { x: testExporter(sinks[0]), y: testExporter(sinks[1]) },
        pipelines: { logs: "r > guard, adding > x, y" },
      });
      await receiver.send(logsOf("a", "b"));
      await receiver.send(logsOf("b"));
      for (const sink of sinks) expect(sink.batches.map(bodies)).toEqual([["a"]]);
      for (const id of ["x", "y"]) {
        expect(account(id)).toMatchObject({ received: 3, sent: 1, dropped: new Map([["guarded", 2]]), held: 0 });
      }
    });

    it("lets the pipelines that the processor is not in alone", async () => {
      const sink = new Sink<"logs">();
      const { receiver } = graphOf({
        processors: { guard: testProcessor(undefined, { guardExit }), adding },
        exporters: { x: testExporter(sink) },
        pipelines: { "logs/guarded": "r > guard, adding > x", "logs/open": "r > adding > x" },
      });
      await receiver.send(logsOf("b"));
      expect(sink.batches.map(bodies)).toEqual([["secret"]]);
    });

    it("gives the batch back when a guard fails: nothing leaves", async () => {
      const sink = new Sink<"logs">();
      const { receiver, account } = graphOf({
        processors: { guard: testProcessor(undefined, { guardExit }) },
        exporters: { x: testExporter(sink) },
        pipelines: { logs: "r > guard > x" },
      });
      await expect(receiver.send(logsOf("a", "poison"))).rejects.toMatchObject({ code: "DBI_INTERNAL" });
      expect(sink.batches).toEqual([]);
      expect(account("x")).toMatchObject({ received: 2, refused: 2, held: 0 });
    });
  });

  it.each([new PermanentError("never"), new RetryableError("later", { delayMs: 7 }), new RefusedError("full")])(
    "gives the whole batch back all the way when a call rejects: $name",
    async (error) => {
      const sink = new Sink<"logs">();
      const { receiver, account } = graphOf({
        processors: { p: dropWhere("noise") },
        exporters: { x: testExporter(sink) },
        pipelines: { logs: "r > p > x" },
      });
      sink.failNext(error);
      await expect(receiver.send(logsOf("a", "noise"))).rejects.toBe(error);
      expect(account("r")).toMatchObject({ received: 2, refused: 2, sent: 0, held: 0 });
      // What the processor had dropped is not lost: the caller has it again and will send it again.
      expect(account("p")).toMatchObject({ received: 2, refused: 2, sent: 0, dropped: new Map(), held: 0 });
      expect(account("x")).toMatchObject({ received: 1, refused: 1, sent: 0, held: 0 });
    },
  );

  it("counts what a destination rejected at the exporter, and everything before as sent", async () => {
    const sink = new Sink<"logs">();
    const { receiver, account } = graphOf({
      processors: { p: dropWhere("noise") },
      exporters: { x: testExporter(sink) },
      pipelines: { logs: "r > p > x" },
    });
    const error = new PartialError("too old", { rejected: 1 });
    sink.failNext(error);
    await expect(receiver.send(logsOf("a", "b", "noise"))).rejects.toBe(error);
    expect(account("r")).toMatchObject({ received: 3, sent: 3, refused: 0, held: 0 });
    expect(account("p")).toMatchObject({ received: 3, sent: 2, dropped: new Map([["unwanted", 1]]), held: 0 });
    expect(account("x")).toMatchObject({ received: 2, sent: 1, dropped: new Map([["rejected", 1]]), held: 0 });
  });

  it("turns a throw inside a component into a permanent error of that call, logged once", async () => {
    const defect = new TypeError("cannot read x");
    const failures = [defect];
    const { receiver, account, lines } = graphOf({
      processors: {
        outer: testProcessor(),
        p: testProcessor(() => {
          const next = failures.shift();
          if (next !== undefined) throw next;
        }),
      },
      exporters: { x: testExporter() },
      pipelines: { logs: "r > outer, p > x" },
    });
    await expect(receiver.send(logsOf("a"))).rejects.toMatchObject({
      kind: "permanent",
      code: "DBI_INTERNAL",
      cause: defect,
    });
    expect(lines.filter(({ level }) => level === "error")).toMatchObject([
      { fields: { "otelcol.component.id": "p", "otelcol.pipeline.id": "logs", error: defect } },
    ]);
    await receiver.send(logsOf("b"));
    expect(account("x").sent).toBe(1);
  });

  it("takes an aborted wait for no judgement of the data, and logs nothing", async () => {
    const { receiver, lines } = graphOf({
      processors: { p: testProcessor(() => Promise.reject(AbortSignal.abort().reason)) },
      exporters: { x: testExporter() },
      pipelines: { logs: "r > p > x" },
    });
    await expect(receiver.send(logsOf("a"))).rejects.toMatchObject({ kind: "retryable", code: "DBI_ABORTED" });
    expect(lines).toEqual([]);
  });
});

describe("a fan-out", () => {
  /** One receiver, two exporters. */
  function fork() {
    const left = new Sink<"logs">();
    const right = new Sink<"logs">();
    const graph = graphOf({
      processors: { p: dropWhere("noise") },
      exporters: { left: testExporter(left), right: testExporter(right) },
      pipelines: { "logs/left": "r > p > left", "logs/right": "r > > right" },
    });
    return { left, right, ...graph };
  }

  it("gives every branch its own batch and counts the caller once", async () => {
    const { left, right, receiver, account } = fork();
    await receiver.send(logsOf("a", "noise"));
    expect(left.batches.map(bodies)).toEqual([["a"]]);
    expect(right.batches.map(bodies)).toEqual([["a", "noise"]]);
    expect(account("r")).toMatchObject({ received: 2, sent: 2, held: 0 });
    expect([account("left").sent, account("right").sent]).toEqual([1, 2]);
  });

  it("calls the branches at the same time and waits for all", async () => {
    const { left, right, receiver } = fork();
    const openLeft = left.block();
    const openRight = right.block();
    let done = false;
    const sent = receiver.send(logsOf("a")).then(() => {
      done = true;
    });
    openRight();
    await expect.poll(() => right.batches.length).toBe(1);
    expect(done).toBe(false);
    openLeft();
    await sent;
    expect(left.batches.length).toBe(1);
  });

  it("rejects when one branch rejects, though the other has taken the batch", async () => {
    const { left, right, receiver, account } = fork();
    const error = new RefusedError("full");
    left.failNext(error);
    await expect(receiver.send(logsOf("a"))).rejects.toBe(error);
    expect(right.items).toBe(1);
    expect(account("r")).toMatchObject({ received: 1, refused: 1, sent: 0, held: 0 });
    await receiver.send(logsOf("a"));
    expect([left.items, right.items]).toEqual([1, 2]);
  });

  const permanent = new PermanentError("never", { code: "DBI_TOO_LARGE" });
  const retryable = new RetryableError("later", { delayMs: 5 });
  const refused = new RefusedError("full", { delayMs: 9 });
  const partial = (rejected: number) => new PartialError(`${rejected} bad`, { rejected });

  it.each([
    ["what can be sent again before what cannot", permanent, refused, { kind: "refused", delayMs: 9 }],
    ["the longest delay", retryable, refused, { kind: "retryable", delayMs: 9 }],
    ["permanent before partial", partial(1), permanent, { kind: "permanent", code: "DBI_TOO_LARGE" }],
    ["the larger of two partial ones", partial(1), partial(2), { kind: "partial", rejected: 2 }],
  ])("answers for several failed branches with %s", async (_title, leftError, rightError, expected) => {
    const { left, right, receiver } = fork();
    left.failNext(leftError);
    right.failNext(rightError);
    await expect(receiver.send(logsOf("a", "b"))).rejects.toMatchObject({
      ...expected,
      message: `${leftError.message}; ${rightError.message}`,
    });
  });

  it("has no consumer for a signal that no pipeline carries", () => {
    const { receiver } = fork();
    expect(Object.keys(receiver.next)).toEqual(["logs"]);
    expect(receiver.next.metrics).toBeUndefined();
  });
});
