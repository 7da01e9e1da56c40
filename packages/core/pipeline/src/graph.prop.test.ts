import { PartialError, PermanentError, RefusedError, RetryableError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  logsOf,
  specOf,
  TestReceiver,
  testConnector,
  testEnvironment,
  testExporter,
  testHolder,
  testProcessor,
} from "../test/components.ts";
import { type Consumer, Graph } from "./index.ts";

const verdicts = ["take", "take", "take", "permanent", "retryable", "refused", "partial", "throw"] as const;
type Verdict = (typeof verdicts)[number];

function judge(verdict: Verdict, count: number): void {
  switch (verdict) {
    case "take":
      return;
    case "permanent":
      throw new PermanentError("never");
    case "retryable":
      throw new RetryableError("later");
    case "refused":
      throw new RefusedError("full");
    case "partial":
      throw new PartialError("some", { rejected: Math.ceil(count / 2) });
    case "throw":
      throw new TypeError("a defect");
  }
}

/** Answers with one verdict after the other, over and over. */
function cycle<Value>(values: readonly Value[]): () => Value {
  let next = 0;
  return () => values[next++ % values.length] as Value;
}

function dropEach(batch: Batch, nth: number): void {
  if (nth === 0 || batch.signal !== "logs") return;
  let index = 0;
  for (const record of batch.records()) if (++index % nth === 0) record.drop("sampled");
}

const several = { minLength: 1, maxLength: 5 };
const destinationVerdicts = fc.array(fc.constantFrom(...verdicts), several);
/** A processor that fails before it has passed anything on must not say that a part was taken. */
const processorVerdicts = fc.array(fc.constantFrom(...verdicts.filter((verdict) => verdict !== "partial")), several);
const processor = fc.oneof(
  { weight: 3, arbitrary: fc.record({ nth: fc.integer({ min: 0, max: 3 }), verdicts: processorVerdicts }) },
  { weight: 1, arbitrary: fc.constant("holder" as const) },
);

/** Pipelines that feed only later ones: links[i] says which of the later ones. */
const world = fc.record({
  pipelines: fc.array(
    fc.record({
      processors: fc.array(processor, { maxLength: 3 }),
      exporters: fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 }),
      feeds: fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  exporters: fc.tuple(destinationVerdicts, destinationVerdicts, destinationVerdicts),
  batches: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 12 }),
  together: fc.boolean(),
});
type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;

function build({ pipelines, exporters }: World) {
  const receiver = new TestReceiver();
  const processors: Record<string, ReturnType<typeof testProcessor>> = {};
  const connectors: Record<string, ReturnType<typeof testConnector>> = {};
  const wiring: Record<string, { receivers: string[]; processors: string[]; exporters: string[] }> = {};
  for (const [at, pipeline] of pipelines.entries()) {
    const ids = pipeline.processors.map((kind, place) => {
      const id = `p${at}${place}`;
      const verdict = kind === "holder" ? undefined : cycle(kind.verdicts);
      processors[id] =
        kind === "holder"
          ? testHolder()
          : testProcessor((batch) => {
              dropEach(batch, kind.nth);
              judge(verdict?.() ?? "take", batch.count);
            });
      return id;
    });
    wiring[`logs/${at}`] = { receivers: ["r"], processors: ids, exporters: pipeline.exporters.map((x) => `x${x}`) };
  }
  for (const [at, { feeds }] of pipelines.entries()) {
    for (const to of new Set(feeds.map((step) => at + step).filter((target) => target < pipelines.length))) {
      const id = `c${at}${to}`;
      connectors[id] = testConnector();
      wiring[`logs/${at}`]?.exporters.push(id);
      wiring[`logs/${to}`]?.receivers.push(id);
    }
  }
  const destinations = exporters.map((answers, index) => {
    const verdict = cycle(answers);
    const target: Consumer = { consume: async ({ count }) => judge(verdict(), count) };
    return [`x${index}`, testExporter(target)] as const;
  });
  const text = Object.entries(wiring).map(([id, { receivers: from, processors: via, exporters: to }]) => {
    return [id, `${from.join()} > ${via.join()} > ${to.join()}`] as const;
  });
  const spec = specOf({
    receivers: { r: receiver.configured() },
    processors,
    connectors,
    exporters: Object.fromEntries(destinations),
    pipelines: Object.fromEntries(text),
  });
  return { receiver, graph: new Graph(spec, testEnvironment()) };
}

/** What is wrong with the accounts: received ≠ sent + dropped + refused + held, or less than nothing held. */
function discrepancies(graph: Graph) {
  return graph.components().flatMap((component) =>
    [...component.ledger.entries()].flatMap(([signal, entry]) => {
      const held = component.held(signal);
      return entry.held === held && held >= 0 ? [] : [{ id: component.id, ledger: { ...entry }, held }];
    }),
  );
}

describe("the accounts of a graph", () => {
  it("balance at every component, whatever the graph and whatever fails", async () => {
    await fc.assert(
      fc.asyncProperty(world, async (chosen) => {
        const { receiver, graph } = build(chosen);
        await graph.start();
        const send = (size: number) => receiver.send(logsOf(...Array.from({ length: size }, String))).catch(() => {});
        if (chosen.together) await Promise.all(chosen.batches.map(send));
        else for (const size of chosen.batches) await send(size);
        expect(discrepancies(graph)).toEqual([]);
        await graph.stop();
        expect(discrepancies(graph)).toEqual([]);
        expect(graph.components().every(({ ledger }) => ledger.of("logs").held === 0)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
