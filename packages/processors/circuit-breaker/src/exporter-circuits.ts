import { RetryableError } from "@dbintel/errors";
import type { ExporterFailure } from "@dbintel/feedback";
import { Breaker, type BreakerSettings, type BreakerSnapshot, type Permit, type StateChange } from "@dbintel/guard";
import type { Signal } from "@dbintel/pdata";
import type { Environment } from "@dbintel/pipeline";
import type { CircuitBreakerConfig, ExporterResponse } from "./config.ts";
import { type ErrorKind, ErrorKinds } from "./error-kind.ts";

interface ExporterCircuit {
  readonly breaker: Breaker;
  kind: ErrorKind;
  /** Messages about a rate limit within the last minute. */
  warnings: number;
  warnedAtMs: number;
}

/** What is to become of a batch; without a refusal it is dropped. */
export type Passage =
  | { readonly pass: true; readonly permits: readonly Permit[] }
  | { readonly pass: false; readonly kind: ErrorKind; readonly refusal: RetryableError | undefined };

export interface ExporterSnapshot {
  readonly exporter: string;
  readonly kind: ErrorKind;
  readonly state: BreakerSnapshot;
}

/** More exporters than a configuration has: a bound, not a setting. */
const mostExporters = 256;
const warningWindowMs = 60_000;
/** Asks again so soon while others probe. */
const probingMs = 1000;
const freePassage: Passage = { pass: true, permits: [] };

/**
 * A breaker for each exporter, which stands for the account that its key belongs to. It opens by what the exporter's
 * errors say about limits, and comes back by batches: through exporters that this pipeline leads to by its own, for
 * the others by time without a further message.
 */
export class ExporterCircuits {
  readonly #config: CircuitBreakerConfig;
  readonly #settings: BreakerSettings;
  readonly #environment: Pick<Environment, "clock" | "random">;
  readonly #onChange: (exporter: string, kind: ErrorKind, change: StateChange) => void;
  readonly #kinds: ErrorKinds;
  readonly #circuits = new Map<string, ExporterCircuit>();

  constructor(args: {
    readonly config: CircuitBreakerConfig;
    readonly settings: BreakerSettings;
    readonly environment: Pick<Environment, "clock" | "random">;
    readonly onChange: (exporter: string, kind: ErrorKind, change: StateChange) => void;
  }) {
    this.#config = args.config;
    this.#settings = args.settings;
    this.#environment = args.environment;
    this.#onChange = args.onChange;
    this.#kinds = new ErrorKinds(args.config.new_relic_error_patterns);
  }

  /** An attempt of an exporter failed. */
  failed({ exporter, error }: ExporterFailure): void {
    const kind = this.#kinds.of(error);
    if (kind === undefined) return;
    const circuit = this.#circuit(exporter, kind);
    if (circuit === undefined || circuit.breaker.state === "open") return;
    circuit.kind = kind;
    if (kind === "rate_limit" && !this.#warnedEnough(circuit)) return;
    circuit.breaker.trip(kind, this.#openMs(kind, "delayMs" in error ? error.delayMs : undefined));
  }

  /** What becomes of a batch of the signal. Permits are to be settled when the next component has answered. */
  admit(signal: Signal): Passage {
    const { ids } = this.#config.exporters;
    let permits: Permit[] | undefined;
    for (const exporter of ids) {
      const circuit = this.#circuits.get(exporter);
      if (circuit === undefined || circuit.breaker.state === "closed") continue;
      const response = this.#response(circuit.kind, signal);
      if (response === "pass") continue;
      const admission = circuit.breaker.admit();
      if (admission.admitted) {
        permits ??= [];
        permits.push(admission);
        continue;
      }
      for (const permit of permits ?? []) permit.release();
      const { kind } = circuit;
      const delayMs = admission.retryAfterMs ?? probingMs;
      return { pass: false, kind, refusal: response === "drop" ? undefined : refusalOf(exporter, kind, delayMs) };
    }
    return permits === undefined ? freePassage : { pass: true, permits };
  }

  /** Lets time probe those through which no batch of ours does. */
  tick(): void {
    for (const [exporter, { breaker, kind }] of this.#circuits) {
      if (breaker.state === "closed") continue;
      const probedByData =
        this.#config.exporters.ids.includes(exporter) && this.#config.exporters[`on_${kind}`] !== "pass";
      if (!probedByData) breaker.observe({ made: 0, failed: 0, slow: 0 });
    }
  }

  /** Exporters whose breaker is in the state. */
  count(state: Breaker["state"]): number {
    return [...this.#circuits.values()].filter(({ breaker }) => breaker.state === state).length;
  }

  snapshot(): readonly ExporterSnapshot[] {
    return [...this.#circuits].flatMap(([exporter, { breaker, kind }]) => {
      const state = breaker.snapshot();
      return state === undefined ? [] : [{ exporter, kind, state }];
    });
  }

  restore(snapshots: readonly ExporterSnapshot[], elapsedMs: number): void {
    for (const { exporter, kind, state } of snapshots) {
      this.#circuit(exporter, kind)?.breaker.restore(state, elapsedMs);
    }
  }

  #warnedEnough(circuit: ExporterCircuit): boolean {
    const nowMs = this.#environment.clock.monotonicMs();
    if (nowMs - circuit.warnedAtMs >= warningWindowMs) {
      circuit.warnedAtMs = nowMs;
      circuit.warnings = 0;
    }
    // While probing the first further message is enough.
    return ++circuit.warnings >= this.#config.failure_threshold || circuit.breaker.state === "half_open";
  }

  #openMs(kind: ErrorKind, askedMs: number | undefined): number | undefined {
    if (askedMs !== undefined) {
      return Math.min(Math.max(askedMs, this.#config.open_state_timeout), this.#config.max_open_state_timeout);
    }
    return kind === "api_key" ? this.#settings.configurationRecheckMs : undefined;
  }

  #response(kind: ErrorKind, signal: Signal): ExporterResponse {
    if (this.#config.mode === "metrics_only" || this.#config.mode === "force_closed") return "pass";
    return kind === "cardinality" && signal !== "metrics" ? "pass" : this.#config.exporters[`on_${kind}`];
  }

  #circuit(exporter: string, kind: ErrorKind): ExporterCircuit | undefined {
    const known = this.#circuits.get(exporter);
    if (known !== undefined || this.#circuits.size >= mostExporters) return known;
    const { clock, random } = this.#environment;
    const breaker = new Breaker({
      settings: this.#settings,
      random,
      nowMs: () => clock.monotonicMs(),
      onChange: (change) => this.#onChange(exporter, circuit.kind, change),
    });
    const circuit: ExporterCircuit = { breaker, kind, warnings: 0, warnedAtMs: Number.NEGATIVE_INFINITY };
    this.#circuits.set(exporter, circuit);
    return circuit;
  }
}

function refusalOf(exporter: string, kind: ErrorKind, delayMs: number): RetryableError {
  return new RetryableError(`the account of exporter ${exporter} is limited (${kind.replace("_", " ")})`, {
    delayMs,
    hint: `the sender holds the data and tries again; exporters.on_${kind} can drop or pass it instead`,
  });
}
