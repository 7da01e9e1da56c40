import type { Batch, Signal } from "@dbintel/pdata";
import { createTestHost, Sink, type TestHost } from "@dbintel/pipeline/testing";
import { costControlConfig } from "../src/config.ts";
import { CostControl } from "../src/cost-control.ts";
import { type StepName, stepNumber } from "../src/ladder.ts";

export const context = { signal: new AbortController().signal };

/** A processor that was started on a step of its ladder, as after a restart. */
export interface Running {
  readonly host: TestHost;
  readonly part: CostControl;
  readonly next: Sink<Signal>;
  /** What was counted as reduced, by kind. */
  readonly reductions: ReadonlyMap<string, number>;
  /** The last values of gauges, by name. */
  readonly gauges: ReadonlyMap<string, number>;
  readonly send: (batch: Batch) => Promise<Batch>;
}

/** `level` is what was sent before, in bytes a millisecond. */
export async function onStep(
  step: StepName,
  settings: object,
  { signal = "logs", level = 0 }: { readonly signal?: Signal; readonly level?: number } = {},
): Promise<Running> {
  const reductions = new Map<string, number>();
  const gauges = new Map<string, number>();
  const plain = createTestHost();
  const createCounter = () => ({
    add: (count: number, { reduction }: { readonly reduction?: string }) => {
      if (reduction !== undefined) reductions.set(reduction, (reductions.get(reduction) ?? 0) + count);
    },
  });
  const createGauge = (name: string) => ({ record: (value: number) => void gauges.set(name, value) });
  const meter = Object.assign(Object.create(plain.meter), { createCounter, createGauge });
  const host: TestHost = { ...plain, meter };
  const season = { profile: new Array<number>(24).fill(0), short: level, long: level, observedMs: 1e9 };
  const snapshot = { version: 1, used: [], offered: [], step: stepNumber(step), season };
  await host.storage.save("budget", Buffer.from(JSON.stringify(snapshot)));
  const next = new Sink<Signal>();
  const config = costControlConfig.parse({ bytes_per_day: "1GB", ...settings });
  const part = new CostControl({ id: "cost_control", config, host, signal, next });
  await part.start(context);
  const send = async (batch: Batch) => {
    await part.consume(batch, context);
    return batch;
  };
  return { host, part, next, reductions, gauges, send };
}
