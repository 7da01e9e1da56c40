import type { Host } from "@dbintel/pipeline";
import { type Admission, Breaker, type BreakerMode, type BreakerSnapshot, type StateChange } from "./breaker.ts";
import type { ErrorClass } from "./error-class.ts";
import type { BreakerSettings } from "./settings.ts";

/** Whom a breaker guards. `collectorClass` is absent on the breaker of the database as a whole. */
export interface BreakerName {
  readonly instance: string;
  readonly database: string;
  readonly collectorClass?: string;
}

export interface BreakerEvent extends BreakerName, StateChange {}

export interface GuardedDatabaseOptions {
  readonly instance: string;
  readonly database: string;
  readonly settings: BreakerSettings;
  readonly environment: Pick<Host, "clock" | "random">;
  readonly onChange: (event: BreakerEvent) => void;
}

export interface DatabaseSnapshot {
  readonly instance: string;
  readonly database: string;
  readonly whole?: BreakerSnapshot;
  readonly classes: readonly (readonly [name: string, snapshot: BreakerSnapshot])[];
}

/** More kinds of statements than any receiver has: a bound, not a setting. */
const classLimit = 32;
/** Steps of longer intervals before a breaker opens: up to 2^4 times. */
const longestStep = 4;
/** The share of open classes at which the database as a whole opens. */
const openShare = 0.5;

/**
 * One database with a breaker for each class of statements and one for all together. A class opens alone by its own
 * failures; the whole opens when half of at least two classes are open, or when the connection itself fails. While
 * the whole is not closed it alone decides, so that only its staged probes reach the database.
 */
export class GuardedDatabase {
  readonly #options: GuardedDatabaseOptions;
  readonly #whole: Breaker;
  readonly #classes = new Map<string, Breaker>();
  #step = 0;
  #calm = 0;

  constructor(options: GuardedDatabaseOptions) {
    this.#options = options;
    this.#whole = this.#breaker();
  }

  /** The breaker of the database as a whole. */
  get whole(): Pick<Breaker, "state" | "stage" | "mode" | "consecutiveFailures"> {
    return this.#whole;
  }

  /** ≥ 1: how many times longer intervals are to be, doubled by each overload and halved by each few successes. */
  get intervalFactor(): number {
    return 2 ** this.#step;
  }

  setMode(mode: BreakerMode): void {
    this.#whole.mode = mode;
  }

  /** Opens the whole because of what is known of the database's health. */
  trip(): void {
    this.#whole.trip("health");
  }

  /** Asks for one call of a class. `cheap` says that no other class asks less of the database. */
  admit(collectorClass: string, cheap: boolean): Admission {
    const whole = this.#whole.admit(cheap);
    if (!whole.admitted || whole.stage !== undefined || this.#whole.mode !== "auto") return this.#observed(whole);
    const own = this.#class(collectorClass).admit();
    if (!own.admitted) {
      whole.release();
      return own;
    }
    return this.#observed({
      admitted: true,
      stage: own.stage,
      succeed: (durationMs) => {
        whole.succeed(durationMs);
        own.succeed(durationMs);
      },
      fail: (errorClass) => {
        own.fail(errorClass);
        // A lost connection or a refused login concerns all classes; of the rest the share of open ones tells.
        if (errorClass === "failover" || errorClass === "overload") whole.fail(errorClass);
        else whole.release();
        if (this.#openShare() >= openShare) this.#whole.trip("children");
      },
      release: () => {
        whole.release();
        own.release();
      },
    });
  }

  /** What a restart must not forget; `undefined` when all is well. */
  snapshot(): DatabaseSnapshot | undefined {
    const { instance, database } = this.#options;
    const whole = this.#whole.snapshot();
    const classes = [...this.#classes].flatMap(([name, breaker]) => {
      const snapshot = breaker.snapshot();
      return snapshot === undefined ? [] : [[name, snapshot] as const];
    });
    if (whole === undefined && classes.length === 0) return undefined;
    return { instance, database, ...(whole === undefined ? {} : { whole }), classes };
  }

  restore(snapshot: DatabaseSnapshot, elapsedMs: number): void {
    if (snapshot.whole !== undefined) this.#whole.restore(snapshot.whole, elapsedMs);
    for (const [name, state] of snapshot.classes) this.#class(name).restore(state, elapsedMs);
  }

  /** The permit with a look at its outcome for the longer intervals. */
  #observed(admission: Admission): Admission {
    if (!admission.admitted) return admission;
    return {
      ...admission,
      succeed: (durationMs) => {
        admission.succeed(durationMs);
        if (this.#step === 0 || ++this.#calm < this.#options.settings.successThreshold) return;
        this.#step--;
        this.#calm = 0;
      },
      fail: (errorClass: ErrorClass) => {
        admission.fail(errorClass);
        this.#calm = 0;
        if (errorClass === "overload") this.#step = Math.min(longestStep, this.#step + 1);
      },
    };
  }

  #openShare(): number {
    if (this.#classes.size < 2) return 0;
    return [...this.#classes.values()].filter(({ state }) => state === "open").length / this.#classes.size;
  }

  #class(name: string): Breaker {
    const known = this.#classes.get(name);
    if (known !== undefined) return known;
    // Beyond the bound classes share one breaker, and are still guarded.
    const bounded = this.#classes.size < classLimit - 1 ? name : "other";
    const breaker = this.#classes.get(bounded) ?? this.#breaker(bounded);
    this.#classes.set(bounded, breaker);
    return breaker;
  }

  #breaker(collectorClass?: string): Breaker {
    const { instance, database, settings, environment, onChange } = this.#options;
    const name = { instance, database, ...(collectorClass === undefined ? {} : { collectorClass }) };
    return new Breaker({
      settings,
      random: environment.random,
      nowMs: () => environment.clock.monotonicMs(),
      onChange: (change) => onChange({ ...name, ...change }),
    });
  }
}
