import { isConsumeError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import type { ExporterDefinition } from "../../component.ts";
import type { Consumer } from "../../consumer.ts";
import { createPipeline } from "../../create-pipeline.ts";
import type { ComponentFactory } from "../../define.ts";
import { FakeClock } from "../fake-clock.ts";
import { createTestHost } from "../test-host.ts";
import { expectBalanced } from "./accounts.ts";
import { expectNoHandleLeft, itLivesAndDies } from "./lifecycle.ts";
import { outcomeOf } from "./patience.ts";
import { sampleBatches } from "./samples.ts";

/** A real destination: a server, a file. */
export interface Destination<Schema extends z.ZodType> extends AsyncDisposable {
  /** Settings that send to it. */
  readonly config: z.input<Schema>;
  /** Items that have arrived; absent where nobody can know. */
  readonly items?: () => number | Promise<number>;
}

/** What an exporter is held to its contract with. */
export interface ExporterContract<Schema extends z.ZodType> {
  /** Opens a destination that takes everything. */
  readonly destination: () => Promise<Destination<Schema>>;
  /** Settings whose destination cannot be reached; absent where there is no such thing. */
  readonly unreachable?: () => z.input<Schema> | Promise<z.input<Schema>>;
  /** Default: a small batch of each signal that the exporter takes. */
  readonly batches?: () => readonly Batch[];
}

/** Holds an exporter to the contract of `Consumer` and `Component`, behind the edges of a real graph. */
export function describeExporterContract<Schema extends z.ZodType>(
  factory: ComponentFactory<ExporterDefinition<Schema>>,
  contract: ExporterContract<Schema>,
): void {
  const { definition } = factory;
  const anyFactory = factory as unknown as ComponentFactory<ExporterDefinition>;
  const batches = contract.batches ?? (() => sampleBatches(definition.signals));

  function mounted(config: unknown) {
    const clock = new FakeClock();
    const { logger, random } = createTestHost();
    const pipeline = createPipeline({ exporter: anyFactory(config), host: { clock, logger, random } });
    const send = (batch: Batch): Promise<void> => {
      const consumer: Consumer = pipeline[batch.signal];
      return consumer.consume(batch, { signal: new AbortController().signal });
    };
    const exporter = () => pipeline.accounting().find(({ kind }) => kind === "exporter");
    return { clock, pipeline, send, exporter };
  }

  describe(`exporter ${definition.type}: contract`, () => {
    expectNoHandleLeft();

    itLivesAndDies(async () => {
      const destination = await contract.destination();
      const host = createTestHost();
      const { config } = factory(destination.config);
      const release = async () => destination[Symbol.asyncDispose]();
      return { host, component: definition.create({ id: definition.type, config, host }), release };
    });

    it("delivers every item, says so, and leaves the batch of the caller as it was", async () => {
      await using destination = await contract.destination();
      const { pipeline, send, exporter, clock } = mounted(destination.config);
      let items = 0;
      for (const batch of batches()) {
        const before = Buffer.from(batch.encode());
        items += batch.count;
        expect(await outcomeOf(send(batch))).toEqual({ state: "resolved" });
        expect(before.equals(batch.encode()), "the caller's bytes are unchanged").toBe(true);
      }
      expect(await pipeline.stop()).toEqual([]);
      expectBalanced(exporter());
      for (const batch of batches()) {
        expect(exporter()?.ledger.of(batch.signal)).toMatchObject({
          received: batch.count,
          sent: batch.count,
          held: 0,
        });
      }
      if (destination.items !== undefined) expect(await destination.items()).toBe(items);
      expect(clock.pendingTimers, "timers after stop").toBe(0);
    });

    it("serves callers that come at the same time", async () => {
      await using destination = await contract.destination();
      const { pipeline, send, exporter } = mounted(destination.config);
      await pipeline.start();
      const all = [...batches(), ...batches(), ...batches()];
      for (const call of all.map(send)) expect(await outcomeOf(call)).toEqual({ state: "resolved" });
      expect(await pipeline.stop()).toEqual([]);
      expectBalanced(exporter());
      const items = all.reduce((sum, { count }) => sum + count, 0);
      if (destination.items !== undefined) expect(await destination.items()).toBe(items);
    });

    it("delivers again after a stop and a start", async () => {
      await using destination = await contract.destination();
      const { pipeline, send, exporter } = mounted(destination.config);
      for (let life = 0; life < 2; life++) {
        await pipeline.start();
        for (const batch of batches()) expect(await outcomeOf(send(batch))).toEqual({ state: "resolved" });
        expect(await pipeline.stop()).toEqual([]);
      }
      for (const { signal, count } of batches()) expect(exporter()?.ledger.of(signal).sent).toBe(2 * count);
    });

    if (contract.unreachable === undefined) return;
    const { unreachable } = contract;

    it("accounts for every item when the destination is away, and stops at the deadline", async () => {
      const { pipeline, send, exporter, clock } = mounted(await unreachable());
      for (const batch of batches()) {
        const outcome = await outcomeOf(send(batch), clock);
        if (outcome.state === "rejected") expect(outcome.reason).toSatisfy(isConsumeError);
      }
      const stopped = pipeline.stop().then(() => {});
      expect(await outcomeOf(stopped, clock)).toEqual({ state: "resolved" });
      expectBalanced(exporter());
      for (const { signal } of batches()) expect(exporter()?.ledger.of(signal)).toMatchObject({ sent: 0, held: 0 });
      expect(clock.pendingTimers, "timers after stop").toBe(0);
    });
  });
}
