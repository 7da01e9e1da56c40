import { DbintelError } from "@dbintel/errors";
import { feedback, noSavings } from "@dbintel/feedback";
import { createTestHost } from "@dbintel/pipeline/testing";
import { beforeEach, expect, it } from "vitest";
import { PlanBook } from "./plan-book.ts";

const intervalMs = 60_000;
const index = { plan: "[]", source: "explain", hash: "index" };

let host: ReturnType<typeof createTestHost>;
let book: PlanBook;
beforeEach(() => {
  host = createTestHost();
  book = new PlanBook({ host, counter: "plans", cacheSize: 100, cacheTtlMs: 3_600_000, intervalMs });
});

const candidate = (name: string, meanMs = 10) => ({ name, meanMs });

it("asks for each statement once, first for those whose plan may have changed", () => {
  const first = book.begin();
  for (const due of first.due([candidate("a"), candidate("b"), candidate("a")])) first.learn(due, index);
  const second = book.begin();
  const due = second.due([candidate("a"), candidate("c"), candidate("b", 100), candidate("c")]);
  expect(due.map(({ name, occasion }) => `${name} ${occasion}`)).toEqual(["b moved", "c new"]);
  expect(second.get("a")).toEqual(index);
  second.leave(due, "budget");
  expect([second.get("b"), second.get("c")]).toEqual([{ reason: "budget" }, { reason: "budget" }]);
  // What was left is asked for again.
  expect(book.begin().due([candidate("c")])).toHaveLength(1);
});

it("says nothing again of what is known while a budget demands that", () => {
  const first = book.begin();
  for (const due of first.due([candidate("a")])) first.learn(due, index);
  host.shared(feedback).demand("budget", { ...noSavings, suppressRepeats: true });
  const second = book.begin();
  expect(second.due([candidate("a")])).toEqual([]);
  expect([second.has("a"), second.get("a")]).toEqual([true, undefined]);
});

it("pays for each place what it took", async () => {
  const spent = (place: string, ms: number) => book.paid(place, () => host.clock.advance(ms));
  await spent("shop", 599);
  expect(book.allows("shop")).toBe(true);
  await expect(spent("shop", 50).then(() => Promise.reject(new Error("lost")))).rejects.toThrow("lost");
  expect([book.allows("shop"), book.allows("crm")]).toEqual([false, true]);
});

it("says why nothing was asked for: plans are held back, or the server is at fault, which is a problem", async () => {
  const problem = new DbintelError("lost", { code: "DBI_DATABASE_UNREACHABLE", hint: "see the server's log" });
  const problems: DbintelError[] = [];
  const signal = new AbortController().signal;
  const ask = (work: () => Promise<"done">, holding = false) =>
    book.ask({
      guard: { strained: false, ask: async (args) => (holding ? undefined : args.work()) },
      ...{ problems, signal, work, problemOf: () => problem },
    });
  expect(await ask(async () => "done")).toBe("done");
  expect(await ask(async () => "done", true)).toBe("held_back");
  expect(problems).toEqual([]);
  expect(await ask(() => Promise.reject(new Error("lost")))).toBe("held_back");
  expect(problems).toEqual([problem]);
});
