import { createNoopMeter, type Meter, type Observable } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { scopedMeter } from "./scoped-meter.ts";

/** A meter that remembers who observes. */
function remembering() {
  const callbacks = new Set<unknown>();
  const instrument = {
    addCallback: (callback: unknown) => void callbacks.add(callback),
    removeCallback: (callback: unknown) => void callbacks.delete(callback),
  };
  const meter: Meter = Object.assign(createNoopMeter(), {
    createObservableGauge: () => instrument,
    addBatchObservableCallback: (callback: unknown) => void callbacks.add(callback),
    removeBatchObservableCallback: (callback: unknown) => void callbacks.delete(callback),
  });
  return { callbacks, instrument, meter };
}

describe("the meter of a component", () => {
  it("takes back every observation that the component has left behind", () => {
    const { callbacks, instrument, meter } = remembering();
    const scope = scopedMeter(meter);
    const [first, second, batch] = [() => {}, () => {}, () => {}];
    const gauge: Observable = scope.meter.createObservableGauge("a");
    expect(Object.getPrototypeOf(gauge)).toBe(instrument);
    gauge.addCallback(first);
    gauge.addCallback(second);
    scope.meter.addBatchObservableCallback(batch, [gauge]);
    expect(callbacks.size).toBe(3);
    gauge.removeCallback(first);
    expect([...callbacks]).toEqual([second, batch]);
    scope.close();
    expect(callbacks.size).toBe(0);
  });

  it("leaves an instrument alone that others use too", () => {
    const meter = createNoopMeter();
    const shared = meter.createObservableCounter("a");
    const own = scopedMeter(meter).meter.createObservableCounter("a");
    own.addCallback(() => {});
    expect(Object.keys(own)).toContain("addCallback");
    expect(Object.keys(shared)).toEqual([]);
    expect(own).not.toBe(shared);
  });
});
