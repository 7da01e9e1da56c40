import type { Meter, Observable } from "@opentelemetry/api";

/** What is taken back when a component has gone. */
export interface ScopedMeter {
  readonly meter: Meter;
  /** Ends every observation that was begun through the meter. */
  close(): void;
}

type Create = "createObservableCounter" | "createObservableGauge" | "createObservableUpDownCounter";

/**
 * A component's own view of the meter: an observation that a component leaves behind would go on to show its last
 * state, and keep it in memory, after a reload has taken it out.
 */
export function scopedMeter(meter: Meter): ScopedMeter {
  const undo = new Set<() => void>();
  const observable =
    (create: Create): Meter[Create] =>
    (name, options) =>
      scoped(meter[create](name, options), undo);
  return {
    meter: {
      createGauge: (name, options) => meter.createGauge(name, options),
      createHistogram: (name, options) => meter.createHistogram(name, options),
      createCounter: (name, options) => meter.createCounter(name, options),
      createUpDownCounter: (name, options) => meter.createUpDownCounter(name, options),
      createObservableGauge: observable("createObservableGauge"),
      createObservableCounter: observable("createObservableCounter"),
      createObservableUpDownCounter: observable("createObservableUpDownCounter"),
      addBatchObservableCallback(callback, observables) {
        meter.addBatchObservableCallback(callback, observables);
        undo.add(() => meter.removeBatchObservableCallback(callback, observables));
      },
      removeBatchObservableCallback: (callback, observables) =>
        meter.removeBatchObservableCallback(callback, observables),
    },
    close() {
      for (const each of undo) each();
      undo.clear();
    },
  };
}

/**
 * The instrument with callbacks that are taken back. It stands before the original and leaves that alone, which may be
 * shared: a meter that measures nothing has one for everybody. The SDK knows it for its own by its prototype.
 */
function scoped<Instrument extends Observable>(instrument: Instrument, undo: Set<() => void>): Instrument {
  const own: Pick<Observable, "addCallback" | "removeCallback"> = {
    addCallback(callback) {
      instrument.addCallback(callback);
      undo.add(() => instrument.removeCallback(callback));
    },
    removeCallback: (callback) => instrument.removeCallback(callback),
  };
  return Object.assign(Object.create(instrument), own);
}
