import { positiveDuration } from "@dbintel/config";
import { type BreakerSettings, defaultBreakerSettings as standard } from "@dbintel/guard";
import { z } from "zod";

const time = (milliseconds: number) => positiveDuration().prefault(`${milliseconds / 1000}s`);
const count = (number: number) => z.number().int().positive().default(number);
const share = (part: number) => z.number().gt(0).max(1).default(part);

/** The classes of statements that an overloaded server can do without: what is asked least and costs most. */
const sheddable = ["plans", "visits", "samples", "sizes", "texts", "statements"] as const;

/** When the receiver leaves its server alone, and how it comes back: the settings of @dbintel/guard. */
export const circuitBreaker = z
  .strictObject({
    failure_threshold: count(standard.failureThreshold).describe("Failures in a row that open a breaker"),
    failure_rate: share(standard.failureRate).describe("Share of failures in the window that opens a breaker"),
    slow_call_rate: share(standard.slowCallRate).describe("Share of slow calls in the window that opens a breaker"),
    slow_call_duration: time(standard.slowCallMs).describe("A call that takes longer is slow"),
    minimum_calls: count(standard.minimumVolume).describe("Calls in the window below which no share is judged"),
    window: time(standard.windowMs).describe("How far back calls count"),
    open_state_timeout: time(standard.minOpenMs).describe(
      "Shortest time that a breaker stays open; grows with each opening",
    ),
    max_open_state_timeout: time(standard.maxOpenMs).describe("Longest time that a breaker stays open"),
    decay: time(standard.decayMs).describe(
      "Calm time that takes back one doubling of the open time, and one of the intervals after an overload",
    ),
    configuration_recheck: time(standard.configurationRecheckMs).describe(
      "Longest time between two attempts at what the user is refused; begins with open_state_timeout and doubles",
    ),
    probes: count(standard.probes).describe("Calls under way at once while it is tried whether the server is back"),
    success_threshold: count(standard.successThreshold).describe("Successes of the slow start that close a breaker"),
    base_timeout: time(standard.baseTimeoutMs).describe(
      "Shortest adaptive timeout of a class of statements, twice what 99 of 100 took; statement_timeout is never passed",
    ),
    max_timeout: time(standard.maxTimeoutMs).describe("Longest adaptive timeout of a class of statements"),
    shed_order: z
      .array(z.enum(sheddable))
      .default(sheddable.filter((name) => standard.shedOrder.includes(name)))
      .describe("What an overloaded server is not asked for, the first of it first"),
  })
  .superRefine((settings, refinement) => {
    const wrong = (key: keyof typeof settings, message: string) =>
      refinement.addIssue({ code: "custom", path: [key], message });
    if (settings.max_open_state_timeout < settings.open_state_timeout) {
      wrong("max_open_state_timeout", "must not be below open_state_timeout");
    }
    if (settings.max_timeout < settings.base_timeout) wrong("max_timeout", "must not be below base_timeout");
    if (new Set(settings.shed_order).size < settings.shed_order.length) wrong("shed_order", "names a class twice");
  })
  .prefault({});

/** The settings as the guard takes them. */
export function breakerSettings(settings: z.output<typeof circuitBreaker>): BreakerSettings {
  return {
    // What bounds the calls under way are the receiver's connections.
    ...standard,
    failureThreshold: settings.failure_threshold,
    failureRate: settings.failure_rate,
    slowCallRate: settings.slow_call_rate,
    slowCallMs: settings.slow_call_duration,
    minimumVolume: settings.minimum_calls,
    windowMs: settings.window,
    minOpenMs: settings.open_state_timeout,
    maxOpenMs: settings.max_open_state_timeout,
    decayMs: settings.decay,
    configurationRecheckMs: settings.configuration_recheck,
    probes: settings.probes,
    successThreshold: settings.success_threshold,
    baseTimeoutMs: settings.base_timeout,
    maxTimeoutMs: settings.max_timeout,
    shedOrder: settings.shed_order,
  };
}
