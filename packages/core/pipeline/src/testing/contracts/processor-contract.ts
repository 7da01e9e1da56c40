import { isConsumeError, PartialError, PermanentError, RefusedError, RetryableError } from "@dbintel/errors";
import type { Batch, Signal } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import type { ProcessorDefinition } from "../../component.ts";
import type { Consumer } from "../../consumer.ts";
import { createPipeline, type EmbeddedPipeline } from "../../create-pipeline.ts";
import type { ComponentFactory } from "../../define.ts";
import { FakeClock } from "../fake-clock.ts";
import { Sink } from "../sink.ts";
import { createTestHost } from "../test-host.ts";
import { expectBalanced } from "./accounts.ts";
import { expectNoHandleLeft, itLivesAndDies } from "./lifecycle.ts";
import { outcomeOf, until } from "./patience.ts";
import { sampleBatches } from "./samples.ts";

/** What a processor is held to its contract with. */
export interface ProcessorContract<Schema extends z.ZodType> {
  readonly config?: z.input<Schema>;
  /** Batches of which the processor passes on at least one item each. Default: a small one of each signal it takes. */
  readonly batches?: () => readonly Batch[];
}

/** A pipeline of this one processor on a fake clock. */
function mounted(factory: ComponentFactory<ProcessorDefinition>, config: unknown) {
  const clock = new FakeClock();
  const { logger, random } = createTestHost();
  const sink = new Sink<Signal>();
  const pipeline = createPipeline({
    processors: [factory(config)],
    exporter: { logs: sink, metrics: sink, traces: sink },
    host: { clock, logger, random },
  });
  return {
    clock,
    sink,
    pipeline,
    send: (batch: Batch) => outcomeOf(consume(pipeline, batch), clock),
    processor: () => pipeline.accounting().find(({ kind }) => kind === "processor"),
  };
}

function consume(pipeline: EmbeddedPipeline, batch: Batch): Promise<void> {
  const consumer: Consumer = pipeline[batch.signal];
  return consumer.consume(batch, { signal: new AbortController().signal });
}

/** Holds a processor to the contract of `Consumer` and `Component`, between the edges of a real graph. */
export function describeProcessorContract<Schema extends z.ZodType>(
  factory: ComponentFactory<ProcessorDefinition<Schema>>,
  contract: ProcessorContract<Schema> = {},
): void {
  const { definition } = factory;
  const anyFactory = factory as unknown as ComponentFactory<ProcessorDefinition>;
  const batches = contract.batches ?? (() => sampleBatches(definition.signals));
  const mount = () => mounted(anyFactory, contract.config);

  describe(`processor ${definition.type}: contract`, () => {
    expectNoHandleLeft();

    itLivesAndDies(async () => {
      const host = createTestHost();
      const signal = Object.keys(definition.signals)[0] as Signal;
      const { config } = anyFactory(contract.config);
      const next = new Sink<Signal>() as Consumer;
      return { host, component: anyFactory.definition.create({ id: definition.type, config, host, signal, next }) };
    });

    it("passes batches on, accounts for every item and leaves the batch of the caller as it was", async () => {
      const { pipeline, send, sink, processor, clock } = mount();
      for (const batch of batches()) {
        const before = Buffer.from(batch.encode());
        expect(await send(batch)).toEqual({ state: "resolved" });
        expect(before.equals(batch.encode()), "the caller's bytes are unchanged").toBe(true);
        expectBalanced(processor());
      }
      expect(await pipeline.stop()).toEqual([]);
      expectBalanced(processor());
      for (const { signal } of batches()) expect(processor()?.ledger.of(signal).held).toBe(0);
      expect(new Set(sink.batches.map(({ signal }) => signal))).toEqual(new Set(batches().map(({ signal }) => signal)));
      expect(clock.pendingTimers, "timers after stop").toBe(0);
    });

    it("serves callers that come at the same time", async () => {
      const { pipeline, clock, processor } = mount();
      await pipeline.start();
      const calls = [...batches(), ...batches(), ...batches()].map((batch) => consume(pipeline, batch));
      for (const call of calls) expect(await outcomeOf(call, clock)).toEqual({ state: "resolved" });
      expectBalanced(processor());
      await pipeline.stop();
      expectBalanced(processor());
    });

    it.each([
      new RefusedError("the next one is full", { delayMs: 10 }),
      new RetryableError("the next one is away", { delayMs: 10 }),
      new PermanentError("the next one will never take it"),
      new PartialError("the next one takes a part", { rejected: 1 }),
    ])("gives its caller the error of the next one, or answers for the data itself: $name", async (error) => {
      for (const batch of batches()) {
        const { pipeline, send, sink, processor } = mount();
        sink.failNext(error);
        const outcome = await send(batch);
        if (outcome.state === "rejected") {
          expect(outcome.reason).toSatisfy(isConsumeError);
          expect(outcome.reason).toMatchObject({ kind: error.kind });
        }
        expectBalanced(processor());
        await pipeline.stop();
        expectBalanced(processor());
        expect(processor()?.ledger.of(batch.signal).held, "held after stop").toBe(0);
      }
    });

    it("waits for the next one, or says what it holds", async () => {
      const [batch] = batches();
      if (batch === undefined) throw new Error("the contract needs a batch");
      const { pipeline, sink, processor, clock } = mount();
      await pipeline.start();
      const open = sink.block();
      let answered = false;
      const call = consume(pipeline, batch).then(() => {
        answered = true;
      });
      await clock.advance(60_000);
      if (answered) expectBalanced(processor());
      open();
      await until(() => answered, "the call was never answered", clock);
      await call;
      await pipeline.stop();
      expectBalanced(processor());
    });

    it("stops at the deadline although the next one never answers, and accounts for what it had", async () => {
      const [batch] = batches();
      if (batch === undefined) throw new Error("the contract needs a batch");
      const { pipeline, sink, clock } = mount();
      await pipeline.start();
      const open = sink.block();
      const call = outcomeOf(consume(pipeline, batch), clock);
      await clock.advance(60_000);
      const stopping = outcomeOf(
        pipeline.stop().then(() => {}),
        clock,
      );
      expect(await stopping).toEqual({ state: "resolved" });
      open();
      await call;
      expect(clock.pendingTimers, "timers after stop").toBe(0);
    });
  });
}
