import { metricsBuilder } from "@dbintel/pdata";
import { pointsOf } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { append } from "../../test/data-row.ts";
import { QueryMetrics } from "./query-metrics.ts";
import { statementShape } from "./statement-columns.ts";
import { statementDeltas } from "./statement-deltas.ts";
import { StatementTable } from "./statement-table.ts";
import { selectTop } from "./top-statements.ts";

const shape = statementShape(new Set(["calls", "total_exec_time", "rows"]));

/** Statements by their number; what each did so far, in calls that take a millisecond. */
type Executed = Readonly<Record<number, number>>;

function tableOf(executed: Executed): StatementTable {
  return append(
    new StatementTable(shape),
    ...Object.entries(executed).map(([query, calls]) => ({
      ...{ databaseId: 5, userId: 10, queryId: BigInt(query), toplevel: true, since: 0n },
      counters: [BigInt(calls), calls, BigInt(calls)],
    })),
  );
}

/** Polls a server whose statements did so much more each time. */
function watch(limit: number) {
  const metrics = new QueryMetrics({ limit, enabled: ({ name }) => name.endsWith("calls") });
  const executed: Record<number, number> = {};
  let clockMicros = 1000n;
  return {
    poll: (more: Executed, options: { readonly lost?: boolean } = {}): Record<string, number> => {
      const previous = tableOf(executed);
      for (const [query, calls] of Object.entries(more))
        executed[Number(query)] = (executed[Number(query)] ?? 0) + calls;
      const current = tableOf(executed);
      const deltas = statementDeltas({
        current,
        previous,
        continuity: "continued",
        previousComplete: true,
        full: true,
      });
      const none = () => false;
      const selection = selectTop({ current, previous, deltas, limit: 50, excluded: none, selectedBefore: none });
      const previousMicros = clockMicros;
      clockMicros += 1000n;
      const epoch = { clockMicros, startedMicros: 1n, statsResetMicros: 2n, deallocations: 0n };
      const databases = new Map([[5, { name: "app", activeMillis: 0 }]]);
      const reading = { epoch, table: current, full: true, maximum: 5000, databases };
      const after = metrics.after({ reading, deltas, selection, previousMicros, role: () => "ann" });
      if (options.lost) {
        for (const [query, calls] of Object.entries(more))
          executed[Number(query)] = (executed[Number(query)] ?? 0) - calls;
        return {};
      }
      metrics.commit(after);
      const builder = metricsBuilder();
      after.addTo(builder);
      return Object.fromEntries(
        pointsOf([builder.build()]).map(({ attributes, value }) => [
          String(attributes.get("postgresql.queryid") ?? "all"),
          Number(value),
        ]),
      );
    },
  };
}

describe("metrics of statements", () => {
  it("are one sum for each database unless series of statements are asked for", () => {
    const { poll } = watch(0);
    expect(poll({ 1: 5, 2: 3 })).toEqual({ all: 8 });
    expect(poll({ 3: 1 })).toEqual({ all: 9 });
  });

  it("give the greatest a series of their own and sum the others", () => {
    const { poll } = watch(2);
    expect(poll({ 1: 5, 2: 3, 3: 2 })).toEqual({ 1: 5, 2: 3, other: 2 });
    // Another is greater now and then: no place is free for it, and what it does is not lost.
    expect(poll({ 3: 9, 1: 1 })).toEqual({ 1: 6, 2: 3, other: 11 });
  });

  it("never are more than the limit, and give up the places of statements that have ended", () => {
    const { poll } = watch(2);
    let before = poll({ 1: 5, 2: 3 });
    let truth = 8;
    let seen = 8;
    for (let round = 0; round < 60; round++) {
      const query = 3 + Math.floor(round / 15);
      const now = poll({ [query]: 7, 1: 1 });
      expect(Object.keys(now).length).toBeLessThanOrEqual(3);
      expect(now).toHaveProperty("1");
      truth += 8;
      // A series that is new begins at 0; one that is gone takes nothing with it.
      for (const [name, value] of Object.entries(now)) seen += value - (before[name] ?? 0);
      before = now;
    }
    expect(seen).toBe(truth);
    expect(before).toHaveProperty("6");
  });

  it("do not count what was lost on the way twice", () => {
    const { poll } = watch(1);
    poll({ 1: 5 });
    poll({ 1: 7 }, { lost: true });
    expect(poll({ 1: 8 })).toEqual({ 1: 13 });
  });
});
