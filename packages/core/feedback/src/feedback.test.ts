import { RetryableError } from "@dbintel/errors";
import { expect, it } from "vitest";
import { type ExporterFailure, Feedback, noSavings } from "./index.ts";

it("tells the load of the fullest exporter and the throttling of all", () => {
  const feedback = new Feedback();
  expect(feedback.exporterLoad).toEqual({ queueFill: 0, throttled: 0 });
  feedback.addExporter(() => ({ queueFill: 0.2, throttled: 3 }));
  const leave = feedback.addExporter(() => ({ queueFill: 0.9, throttled: 4 }));
  expect(feedback.exporterLoad).toEqual({ queueFill: 0.9, throttled: 7 });
  leave();
  expect(feedback.exporterLoad).toEqual({ queueFill: 0.2, throttled: 3 });
});

it("combines the demands of several budgets and forgets those that were taken back", () => {
  const feedback = new Feedback();
  feedback.demand("cost_control/a", { ...noSavings, samplingFactor: 0.5, coldIntervalFactor: 2 });
  feedback.demand("cost_control/b", { ...noSavings, samplingFactor: 0.1, suppressRepeats: true });
  expect(feedback.savings).toEqual({
    ...noSavings,
    samplingFactor: 0.1,
    coldIntervalFactor: 2,
    suppressRepeats: true,
  });
  feedback.demand("cost_control/b", undefined);
  expect(feedback.savings.samplingFactor).toBe(0.5);
  feedback.demand("cost_control/a", undefined);
  expect(feedback.savings).toEqual(noSavings);
});

it("tells of failures as long as somebody watches", () => {
  const feedback = new Feedback();
  const seen: ExporterFailure[] = [];
  const leave = feedback.watchFailures((failure) => seen.push(failure));
  const failure = { exporter: "otlp_http", error: new RetryableError("busy", { httpStatus: 429 }) };
  feedback.exporterFailed(failure);
  leave();
  feedback.exporterFailed(failure);
  expect(seen).toEqual([failure]);
});
