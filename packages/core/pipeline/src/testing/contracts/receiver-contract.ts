import { PermanentError, RefusedError } from "@dbintel/errors";
import type { Signal } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import type { ReceiverDefinition } from "../../component.ts";
import type { ComponentFactory } from "../../define.ts";
import { Graph } from "../../graph.ts";
import type { PipelineSpec } from "../../graph-spec.ts";
import { outputDefinition } from "../../rim.ts";
import { systemEnvironment } from "../../system-environment.ts";
import { Sink } from "../sink.ts";
import { createTestHost, type TestHost } from "../test-host.ts";
import { expectBalanced } from "./accounts.ts";
import { expectNoHandleLeft, itLivesAndDies } from "./lifecycle.ts";
import { outcomeOf, until } from "./patience.ts";

/** What a receiver is held to its contract with. */
export interface ReceiverContract<Schema extends z.ZodType> {
  /** Settings of a receiver that can start and stop, and start again, many times over. */
  readonly config: () => z.input<Schema> | Promise<z.input<Schema>>;
  /**
   * Makes a started receiver receive at least one item, and resolves when it has been answered: a client that sends,
   * time that passes on `clock` until a poll is over. `lines` are what the receiver logged, its address among them.
   */
  readonly provoke: (running: Pick<TestHost, "clock" | "lines">) => Promise<unknown>;
}

/** Holds a receiver to the contract of `Component` and of accounting, in front of the edges of a real graph. */
export function describeReceiverContract<Schema extends z.ZodType>(
  factory: ComponentFactory<ReceiverDefinition<Schema>>,
  contract: ReceiverContract<Schema>,
): void {
  const { definition } = factory;
  const signals = Object.keys(definition.signals) as Signal[];

  async function mounted() {
    const { clock, lines, logger, random } = createTestHost();
    const sink = new Sink<Signal>();
    const pipelines = signals.map((signal): [string, PipelineSpec] => [
      signal,
      { signal, receivers: [definition.type], processors: [], exporters: ["output"] },
    ]);
    const receiver = factory(await contract.config()) as unknown as { definition: ReceiverDefinition; config: unknown };
    const output = { definition: outputDefinition({ logs: sink, metrics: sink, traces: sink }), config: {} };
    const graph = new Graph(
      {
        receivers: new Map([[definition.type, receiver]]),
        processors: new Map(),
        exporters: new Map([["output", output]]),
        connectors: new Map(),
        extensions: new Map(),
        service: { extensions: [], pipelines: new Map(pipelines) },
      },
      systemEnvironment({ clock, logger, random }),
    );
    const account = () => graph.components().find(({ kind }) => kind === "receiver");
    const total = (column: "received" | "sent") =>
      signals.reduce((sum, signal) => sum + (account()?.ledger.of(signal)[column] ?? 0), 0);
    const stop = () =>
      outcomeOf(
        graph.stop().then(() => {}),
        clock,
      );
    return { clock, lines, sink, graph, account, total, stop };
  }

  describe(`receiver ${definition.type}: contract`, () => {
    expectNoHandleLeft();

    itLivesAndDies(async () => {
      const host = createTestHost();
      const { config } = factory(await contract.config());
      const sink = new Sink<Signal>();
      const next = Object.fromEntries(signals.map((signal) => [signal, sink]));
      return { host, component: definition.create({ id: definition.type, config, host, next }) };
    });

    it("hands on what it receives, and accounts for every item", async () => {
      const { graph, sink, account, total, stop, clock, lines } = await mounted();
      await graph.start();
      await contract.provoke({ clock, lines });
      await until(() => sink.items > 0, "nothing was handed on");
      expect(await stop()).toEqual({ state: "resolved" });
      expectBalanced(account());
      expect(total("sent")).toBe(sink.items);
      expect(clock.pendingTimers, "timers after stop").toBe(0);
    });

    it.each([
      new RefusedError("the pipeline is full", { delayMs: 10 }),
      new PermanentError("the pipeline will never take it"),
    ])("accounts for what the pipeline does not take: $name", async (error) => {
      const { graph, sink, account, total, stop, clock, lines } = await mounted();
      sink.failNext(...Array.from({ length: 20 }, () => error));
      await graph.start();
      await contract.provoke({ clock, lines });
      await until(() => total("received") > 0, "nothing was received");
      expect(await stop()).toEqual({ state: "resolved" });
      expectBalanced(account());
      for (const signal of signals) expect(account()?.held(signal), "held after stop").toBe(0);
    });

    it("stops at the deadline although the pipeline never answers", async () => {
      const { graph, sink, stop, total, clock, lines } = await mounted();
      const open = sink.block();
      await graph.start();
      const provoked = contract.provoke({ clock, lines }).catch(() => {});
      await until(() => total("received") > 0, "nothing was received");
      expect(await stop()).toEqual({ state: "resolved" });
      open();
      await provoked;
    });
  });
}
