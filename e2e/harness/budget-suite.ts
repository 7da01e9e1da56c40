import { defaultBreakerSettings } from "@dbintel/guard";
import { createTestHost, eventsOf, Sink, type TestHost } from "@dbintel/pipeline/testing";
import { type GuardedSource, type ServerSessions, ServerWatch, type WatchedDatabase } from "@dbintel/watching";
import { expect, it } from "vitest";
import { eventually } from "./condition.ts";
import { RunningClock } from "./running-clock.ts";

/** A server as the connections of a receiver ask it. */
export interface CostlyServer {
  readonly watched: WatchedDatabase;
  /** A connection whose statements are booked with those of `sessions`. */
  readonly connect: (sessions: ServerSessions) => CostlyConnection;
}

export interface CostlyConnection extends GuardedSource {
  /** Asks two statements: one that is cheap, and one that the server works on for so long. */
  spend(seconds: number): Promise<void>;
  close(): Promise<void>;
}

const intervalMs = 1000;
/** So much that a busy machine makes no cheap statement look dear. */
const mostShare = 0.1;
/** Intervals that are measured together. */
const rounds = 4;
const never = new AbortController().signal;

/** Remembers the last value of each gauge of a poll. */
function recordingMeter() {
  const gauges = new Map<string, number>();
  const createGauge = (name: string) => ({
    record: (value: number, attributes: Readonly<Record<string, unknown>> = {}) =>
      void gauges.set(`${name} ${String(attributes.poll)}`, value),
  });
  const meter: TestHost["meter"] = Object.assign(Object.create(createTestHost().meter), { createGauge });
  return { gauges, meter };
}

/** What holds for each server that the collector would cost more than its budget. */
export function budgetSuite(server: () => CostlyServer): void {
  it("is asked more and more rarely, step by step, and as often as configured when it is cheap again", async () => {
    const { gauges, meter } = recordingMeter();
    const clock = new RunningClock();
    const host = createTestHost({ clock, meter });
    const logs = new Sink<"logs">();
    const { watched, connect } = server();
    const watch = new ServerWatch({
      ...{ host, watched, next: { logs }, breaker: defaultBreakerSettings, mostShare },
      ...{ initialDelay: 0, timeout: 3_600_000 },
    });
    const connection = connect(watch.sessions);
    watch.closes(connection);
    let seconds = 0.16;
    let asking = false;
    const askedMs: number[] = [];
    const poll = async () => {
      asking = true;
      askedMs.push(clock.monotonicMs());
      await connection.spend(seconds);
      asking = false;
      return { batches: [] };
    };
    watch.add({ name: "dear", interval: intervalMs, source: connection, poll: { poll } });
    await watch.start();
    /** Lets time pass, but none while a statement runs: what it takes is what the server takes for it. */
    const until = (what: string, done: () => boolean) =>
      eventually(what, async () => {
        if (!asking) await clock.advance(Math.min(clock.nextTimerMs ?? intervalMs, intervalMs));
        return done() ? true : undefined;
      });
    const factor = () => gauges.get("dbintel_database_interval_factor dear");
    const share = () => gauges.get("dbintel_database_own_share dear") ?? 0;
    const steps = () =>
      host.lines
        .filter(({ message }) => message.startsWith("dear of"))
        .map(({ fields }) => [Number(fields.from), Number(fields.to)] as const);

    await until("it costs no more than it may", () => (factor() ?? 0) >= 2 && share() <= mostShare);
    const slower = steps();
    expect(slower.slice(0, 2)).toEqual([
      [1, 1.5],
      [1.5, 2],
    ]);
    expect(slower.every(([from, to]) => to > from)).toBe(true);
    const asked = askedMs.length;
    await until("it is asked some times more", () => askedMs.length > asked + rounds && !asking);
    const [first = 0] = askedMs.slice(asked);
    const [last = 0] = askedMs.slice(asked + rounds);
    // Twice as rarely, but that a busy machine may have come late to the first one.
    expect(last - first).toBeGreaterThanOrEqual(1.5 * rounds * intervalMs);

    seconds = 0;
    // A poll after that step may have been a slow one.
    await until("it is cheap, and asked as often as configured", () => factor() === 1 && share() < mostShare);
    expect(steps().at(-1)).toEqual([1.5, 1]);
    await watch.stop({ signal: never });
    const events = eventsOf(logs.batches).filter(({ name }) => name === "dbintel.database.budget_step");
    expect(events.map((event) => event.number("dbintel.interval_factor"))).toEqual(steps().map(([, to]) => to));
  });
}
