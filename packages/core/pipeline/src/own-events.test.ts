import { RetryableError } from "@dbintel/errors";
import { type Logs, logsBuilder } from "@dbintel/pdata";
import { expect, it } from "vitest";
import { OwnEvents } from "./own-events.ts";
import { createTestHost } from "./testing/index.ts";

const event = (eventName: string): Logs => logsBuilder().resource({ attributes: {} }).record({ eventName }).build();

function nameOf(batch: Logs): string {
  const record = batch.records();
  record.advance();
  return record.eventName;
}

/** A next component whose answers the test gives. */
function held() {
  const waiting: { name: string; answer: (error?: Error) => void }[] = [];
  const consume = (batch: Logs, { signal }: { readonly signal: AbortSignal }) =>
    new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      if (signal.aborted) reject(signal.reason);
      waiting.push({ name: nameOf(batch), answer: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  return { next: { consume }, waiting };
}

it("sends events one after the other and says which were taken", async () => {
  const host = createTestHost();
  const { next, waiting } = held();
  const events = new OwnEvents({ host, next });
  const answers = [events.send(event("first")), events.send(event("second"))];
  await Promise.resolve();
  expect(waiting.map(({ name }) => name)).toEqual(["first"]);
  waiting[0]?.answer(new RetryableError("busy"));
  expect(await answers[0]).toBe(false);
  waiting[1]?.answer();
  expect(await answers[1]).toBe(true);
  expect(waiting.map(({ name }) => name)).toEqual(["first", "second"]);
  const { received, dropped } = host.accounting.of("logs");
  expect({ received, dropped: [...dropped] }).toEqual({ received: 2, dropped: [["event_rejected", 1]] });
});

it("sends together what came while another was on its way", async () => {
  const taken: number[] = [];
  const consume = async (batch: Logs) => void taken.push(batch.count);
  const events = new OwnEvents({ host: createTestHost(), next: { consume } });
  expect(await Promise.all(["a", "b", "c"].map((name) => events.send(event(name))))).toEqual([true, true, true]);
  expect(taken).toEqual([1, 2]);
});

it("drops what is too much to wait, and what is left at the deadline of the stop", async () => {
  const host = createTestHost();
  const { next } = held();
  const events = new OwnEvents({ host, next });
  const answers = Array.from({ length: 258 }, () => events.send(event("many")));
  expect(await answers[257]).toBe(false);
  const deadline = new AbortController();
  const finished = events.finish(deadline.signal);
  deadline.abort(new Error("too late"));
  await finished;
  expect(await Promise.all(answers)).not.toContain(true);
  expect(host.accounting.of("logs").dropped.get("event_rejected")).toBe(258);
});
