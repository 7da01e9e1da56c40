import type { ConsumeError } from "@dbintel/errors";
import type { SharedKey } from "@dbintel/pipeline";
import { noSavings, type Savings, strongest } from "./savings.ts";

/** How an exporter is doing. */
export interface ExporterLoad {
  /** In [0, 1]: how full its fullest queue is; 0 without a queue. */
  readonly queueFill: number;
  /** Answers so far that asked to send less: HTTP 429 and 503. Only grows. */
  readonly throttled: number;
}

/** A request that an exporter could not deliver. */
export interface ExporterFailure {
  /** The exporter's id. */
  readonly exporter: string;
  readonly error: ConsumeError;
}

/**
 * The one place where something travels upstream beside the promise of `consume`: exporters tell their load and their
 * failures, budgets tell what to save; samplers, breakers and polling receivers read it when they decide. Nobody is
 * named, nobody waits, and a component that never looks works as before.
 */
export class Feedback {
  readonly #exporters = new Set<() => ExporterLoad>();
  readonly #watchers = new Set<(failure: ExporterFailure) => void>();
  readonly #demands = new Map<string, Savings>();
  #savings = noSavings;

  /** The load of the fullest exporter, and the throttling of all together. */
  get exporterLoad(): ExporterLoad {
    let queueFill = 0;
    let throttled = 0;
    for (const load of this.#exporters) {
      const { queueFill: fill, throttled: times } = load();
      queueFill = Math.max(queueFill, fill);
      throttled += times;
    }
    return { queueFill, throttled };
  }

  /** What all budgets together ask for: of each saving the strongest. */
  get savings(): Savings {
    return this.#savings;
  }

  /** An exporter offers a look at its load; the returned function takes the offer back. */
  addExporter(load: () => ExporterLoad): () => void {
    this.#exporters.add(load);
    return () => void this.#exporters.delete(load);
  }

  /** An exporter tells of an attempt that failed, also when it will try again. */
  exporterFailed(failure: ExporterFailure): void {
    for (const watcher of this.#watchers) watcher(failure);
  }

  /** Calls the watcher at each failed attempt of an exporter, until the returned function is called. */
  watchFailures(watcher: (failure: ExporterFailure) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Sets what one budget asks for, under the id of its component; `undefined` takes the demand back. */
  demand(source: string, savings: Savings | undefined): void {
    if (savings === undefined) this.#demands.delete(source);
    else this.#demands.set(source, savings);
    this.#savings = [...this.#demands.values()].reduce(strongest, noSavings);
  }
}

/** The feedback of a collector: `host.shared(feedback)`. */
export const feedback: SharedKey<Feedback> = { name: "feedback", create: () => new Feedback() };
