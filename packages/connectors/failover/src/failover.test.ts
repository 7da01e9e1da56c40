import { PartialError, PermanentError, RefusedError, RetryableError } from "@dbintel/errors";
import { type Logs, logsBuilder } from "@dbintel/pdata";
import { connectorGraph } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { failover } from "./index.ts";

const signal = new AbortController().signal;
const aLog = (): Logs => logsBuilder().resource({ attributes: {} }).scope({ name: "t" }).record({ body: "a" }).build();
const away = () => new RetryableError("away", { delayMs: 3000 });
const retryIntervalMs = 60_000;

/** Three levels, the second with two pipelines. */
async function levels() {
  const { graph, host, sources, sinks } = connectorGraph({
    id: "failover",
    connector: failover({
      priority_levels: [["logs/first"], ["logs/second", "logs/second_too"], ["logs/third"]],
      retry_interval: "1m",
    }),
    pipelines: {
      logs: { signal: "logs", receivers: ["source"], exporters: ["failover"] },
      "logs/first": { signal: "logs", receivers: ["failover"], exporters: ["first"] },
      "logs/second": { signal: "logs", receivers: ["failover"], exporters: ["second"] },
      "logs/second_too": { signal: "logs", receivers: ["failover"], exporters: ["second_too"] },
      "logs/third": { signal: "logs", receivers: ["failover"], exporters: ["third"] },
    },
  });
  await graph.start();
  const ledger = graph
    .components()
    .find(({ kind }) => kind === "connector")
    ?.ledger.of("logs");
  const names = ["first", "second", "second_too", "third"] as const;
  const failNext = (name: (typeof names)[number], ...errors: unknown[]) => sinks.get(name)?.failNext(...errors);
  return {
    ...{ graph, host, ledger, failNext, sinks },
    send: (callers = signal) => sources.get("source")?.logs?.consume(aLog(), { signal: callers }),
    /** Items that each sink has taken, in the order of the levels. */
    taken: () => names.map((name) => sinks.get(name)?.items),
  };
}

describe("failover", () => {
  it("uses the best level while it works", async () => {
    const { send, taken, ledger } = await levels();
    await send();
    await send();
    expect(taken()).toEqual([2, 0, 0, 0]);
    expect(ledger).toMatchObject({ received: 2, sent: 2, refused: 0, held: 0 });
  });

  it("hands the batch that failed to the next level, all of its pipelines, and counts it once", async () => {
    const { send, taken, failNext, ledger, host } = await levels();
    failNext("first", away());
    await send();
    await send();
    expect(taken()).toEqual([0, 2, 2, 0]);
    expect(ledger).toMatchObject({ received: 2, sent: 2, refused: 0, held: 0 });
    expect(host.lines.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
      "logs/first does not take logs",
      "logs go to logs/second, logs/second_too now",
    ]);
  });

  it("leaves a level when one of its pipelines fails", async () => {
    const { send, taken, failNext } = await levels();
    failNext("first", away());
    failNext("second_too", new RefusedError("full"));
    await send();
    // The second pipeline of that level had taken it: a level of several pipelines may repeat.
    expect(taken()).toEqual([0, 1, 0, 1]);
  });

  it("tries the best level again after the interval, with one batch at a time", async () => {
    const { send, taken, failNext, host, sinks } = await levels();
    failNext("first", away());
    await send();
    await host.clock.advance(retryIntervalMs - 1);
    await send();
    expect(taken()).toEqual([0, 2, 2, 0]);
    await host.clock.advance(1);
    const open = sinks.get("first")?.block();
    const probe = send();
    await send();
    expect(taken()).toEqual([0, 3, 3, 0]);
    open?.();
    await probe;
    await send();
    expect(taken()).toEqual([2, 3, 3, 0]);
    expect(host.lines.at(-1)?.message).toBe("back to logs/first");
  });

  it("passes a level over for another interval when its trial fails", async () => {
    const { send, taken, failNext, host } = await levels();
    failNext("first", away(), away());
    await send();
    await host.clock.advance(retryIntervalMs);
    await send();
    await host.clock.advance(retryIntervalMs - 1);
    await send();
    expect(taken()).toEqual([0, 3, 3, 0]);
  });

  it("asks for the batch again, after the shortest delay, when no level takes it; then tries all", async () => {
    const { send, taken, failNext, ledger } = await levels();
    failNext("first", away());
    failNext("second", new RetryableError("slow", { delayMs: 1000 }));
    failNext("third", new PermanentError("no key", { httpStatus: 401 }));
    await expect(send()).rejects.toMatchObject({ kind: "retryable", delayMs: 1000, message: "away; slow; no key" });
    expect(ledger).toMatchObject({ received: 1, sent: 0, refused: 1, held: 0 });
    await send();
    expect(taken()).toEqual([1, 0, 1, 0]);
  });

  it("does not leave a level for a batch that it finds wrong", async () => {
    const { send, taken, failNext } = await levels();
    failNext("first", new PermanentError("not OTLP", { httpStatus: 400 }));
    await send();
    await send();
    expect(taken()).toEqual([1, 1, 1, 0]);
  });

  it("sends to nobody again what was taken in part", async () => {
    const { send, taken, failNext, ledger } = await levels();
    failNext("first", new PartialError("one was wrong", { rejected: 1 }));
    await expect(send()).rejects.toMatchObject({ kind: "partial" });
    expect(taken()).toEqual([0, 0, 0, 0]);
    expect(ledger).toMatchObject({ received: 1, sent: 1, refused: 0, held: 0 });
  });

  it("blames no level when the caller leaves", async () => {
    const { send, taken, failNext } = await levels();
    failNext("first", new RetryableError("aborted", { code: "DBI_ABORTED" }));
    await expect(send(AbortSignal.abort())).rejects.toMatchObject({ code: "DBI_ABORTED" });
    await send();
    expect(taken()).toEqual([1, 0, 0, 0]);
  });
});

describe("names of pipelines", () => {
  const build = (priorityLevels: string[][]) => {
    connectorGraph({
      id: "failover",
      connector: failover({ priority_levels: priorityLevels }),
      pipelines: {
        logs: { signal: "logs", receivers: ["source"], exporters: ["failover"] },
        "logs/first": { signal: "logs", receivers: ["failover"], exporters: ["first"] },
        "logs/second": { signal: "logs", receivers: ["failover"], exporters: ["second"] },
      },
    });
  };

  it.each([
    [[["logs/first"], ["logs/secnd"]], 'names "logs/secnd", which does not receive from failover'],
    [[["logs/first"]], '"logs/second" receives from failover, but stands in none of its priority_levels'],
    [[["logs/first"], ["logs/first"]], '"logs/first" stands in two places'],
    [[["first"]], "expected the id of a pipeline"],
    [[[]], "priority_levels"],
  ])("%j is refused", (priorityLevels, message) => {
    expect(() => build(priorityLevels)).toThrow(message);
  });

  it("a queue of its own is refused with the reason", () => {
    // @ts-expect-error a setting that exists elsewhere
    expect(() => failover({ priority_levels: [["logs"]], sending_queue: {} })).toThrow("would hide failures");
  });
});
