import { toConsumeError } from "@dbintel/errors";
import { type Batch, type Signal, signals } from "@dbintel/pdata";
import { z } from "zod";
import type { ComponentAccounting } from "./accounting.ts";
import type { ExporterDefinition, ReceiverDefinition, Stability } from "./component.ts";
import type { ConsumeContext, Consumer, Consumers } from "./consumer.ts";

const noLife = { start: async () => {}, stop: async () => {} };

/** The receiver of an embedded pipeline: its callers are the outside. */
export class Input {
  #next: Consumers = {};
  #accounting: ComponentAccounting | undefined;

  connect(next: Consumers, accounting: ComponentAccounting): void {
    this.#next = next;
    this.#accounting = accounting;
  }

  async pass(batch: Batch, context: ConsumeContext): Promise<void> {
    const { signal, count } = batch;
    const next: Consumer | undefined = this.#next[signal];
    this.#accounting?.received(signal, count);
    try {
      await next?.consume(batch, context);
    } catch (reason) {
      const failure = toConsumeError(reason);
      if (failure.kind !== "partial") this.#accounting?.refused(signal, count);
      throw failure;
    }
  }
}

export function inputDefinition(input: Input): ReceiverDefinition {
  return {
    kind: "receiver",
    type: "input",
    description: "Takes batches from the embedding application.",
    schema: z.strictObject({}),
    signals: { logs: "stable", metrics: "stable", traces: "stable" },
    create: ({ host, next }) => {
      input.connect(next, host.accounting);
      return noLife;
    },
  };
}

/** An exporter that hands batches to consumers of the embedding application. */
export function outputDefinition(target: Consumers): ExporterDefinition {
  const taken = signals.filter((signal) => target[signal] !== undefined);
  return {
    kind: "exporter",
    type: "output",
    description: "Hands batches to the embedding application.",
    schema: z.strictObject({}),
    signals: Object.fromEntries(taken.map((signal): [Signal, Stability] => [signal, "stable"])),
    create: ({ host }) => ({
      ...noLife,
      consumers: Object.fromEntries(taken.map((signal) => [signal, output(target[signal], host.accounting)])),
    }),
  };
}

function output(target: Consumer | undefined, accounting: ComponentAccounting): Consumer {
  return {
    async consume(batch, context) {
      const { signal, count } = batch;
      try {
        await target?.consume(batch, context);
        accounting.sent(signal, count);
      } catch (reason) {
        const failure = toConsumeError(reason);
        if (failure.kind === "partial") accounting.sent(signal, Math.max(0, count - failure.rejected));
        throw reason;
      }
    },
  };
}
