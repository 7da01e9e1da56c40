import type { Host } from "@dbintel/pipeline";
import { AdaptiveTimeout } from "./adaptive-timeout.ts";
import {
  Breaker,
  type BreakerMode,
  type BreakerSnapshot,
  type BreakerState,
  type Permit,
  type ProbeStage,
  type Refusal,
  type StateChange,
} from "./breaker.ts";
import type { ErrorClass } from "./error-class.ts";
import { type GuardedInstance, type InstanceMember, mostlyOpen } from "./guarded-instance.ts";
import type { BreakerSettings } from "./settings.ts";

/** Whom a breaker guards: a class of statements; without it a database; without that, "", the instance. */
export interface BreakerName {
  readonly instance: string;
  readonly database: string;
  readonly collectorClass?: string;
}

export interface BreakerEvent extends BreakerName, StateChange {}

/** Leave to ask a database once. */
export interface DatabasePermit extends Permit {
  /** How long to wait for the answer: twice what 99 of 100 calls of the class took, within bounds. */
  readonly timeoutMs: number;
  /**
   * The server went away since a call of this class succeeded: leave the old connection, resolve the name again, and
   * ask for the role.
   */
  readonly rediscover: boolean;
}

/** What the guard says to a call. */
export type DatabaseAdmission = DatabasePermit | Refusal;

/** A breaker as others may see it. */
export interface BreakerView {
  readonly state: BreakerState;
  /** The stage of the probes; `undefined` unless half-open. */
  readonly stage: ProbeStage | undefined;
  readonly mode: BreakerMode;
  readonly consecutiveFailures: number;
}

export interface DatabaseSnapshot {
  readonly instance: string;
  readonly database: string;
  readonly whole?: BreakerSnapshot;
  readonly classes: readonly (readonly [name: string, snapshot: BreakerSnapshot])[];
}

export interface GuardedDatabaseOptions {
  readonly instance: string;
  readonly database: string;
  readonly settings: BreakerSettings;
  readonly environment: Pick<Host, "clock" | "random">;
  readonly server: GuardedInstance;
  readonly onChange: (event: BreakerEvent) => void;
}

/**
 * More kinds of statements than any receiver has: about forty of its own, and one for each of the hundred queries that
 * its configuration may add. A bound, not a setting.
 */
const classLimit = 256;

interface StatementClass {
  readonly breaker: Breaker;
  readonly timeout: AdaptiveTimeout;
  /** The instance's moves when a call last succeeded. */
  seenMoves: number;
  /** Whether it is open for want of a grant. */
  refused: boolean;
}

/**
 * One database with a breaker for each class of statements and one for all together, below the breaker of its
 * instance. A class opens alone by its own failures, the whole when half of at least two classes are open. A parent
 * that opens closes its children and decides alone until it has recovered: nothing recovers twice.
 */
export class GuardedDatabase implements InstanceMember {
  readonly #options: GuardedDatabaseOptions;
  readonly #server: GuardedInstance;
  readonly #whole: Breaker;
  readonly #classes = new Map<string, StatementClass>();

  constructor(options: GuardedDatabaseOptions) {
    this.#options = options;
    this.#server = options.server;
    this.#whole = this.#breaker(undefined, (change) => {
      if (change.to === "open") for (const { breaker } of this.#classes.values()) breaker.absorb();
    });
  }

  /** What decides about all classes: the breaker of the instance unless that is closed, else that of the database. */
  get whole(): BreakerView {
    const { state, stage, consecutiveFailures } =
      this.#server.breaker.state === "closed" ? this.#whole : this.#server.breaker;
    const { mode } = this.#whole;
    return { state, stage, mode, consecutiveFailures };
  }

  /** The instance, for what concerns all of its databases. */
  get instance(): Pick<GuardedInstance, "breaker" | "trip"> {
    return this.#server;
  }

  /** Whether the database as a whole is left alone for its own sake. */
  get open(): boolean {
    return this.#whole.state === "open";
  }

  /** ≥ 1: how many times longer intervals are to be, doubled by each overload and halved in calm times. */
  get intervalFactor(): number {
    return this.#server.intervalFactor;
  }

  setMode(mode: BreakerMode): void {
    this.#whole.mode = mode;
  }

  /** Opens the whole because of what is known of the database's health. */
  trip(): void {
    this.#whole.trip("health");
  }

  /** Of all its breakers. @see Breaker.retry */
  retry(): boolean {
    const breakers = [this.#whole, ...[...this.#classes.values()].map(({ breaker }) => breaker)];
    return breakers.map((breaker) => breaker.retry()).includes(true);
  }

  absorb(): void {
    this.#whole.absorb();
    for (const { breaker } of this.#classes.values()) breaker.absorb();
  }

  /** Asks for one call of a class. `cheap` says that no other class asks less of the database. */
  admit(collectorClass: string, cheap: boolean): DatabaseAdmission {
    const statements = this.#class(collectorClass);
    const { mode } = this.#whole;
    if (mode !== "auto") return this.#granted(this.#whole.admit(cheap), statements);
    const server = this.#server.admit(collectorClass, cheap);
    // Whoever probes decides alone.
    if (!server.admitted || server.stage !== undefined) return this.#granted(server, statements);
    const whole = this.#whole.admit(cheap);
    if (!whole.admitted || whole.stage !== undefined) {
      if (!whole.admitted) server.release();
      return this.#granted(whole.admitted ? both(whole, server) : whole, statements);
    }
    const own = statements.breaker.admit();
    if (!own.admitted) {
      server.release();
      whole.release();
      return own;
    }
    return this.#granted(this.#withParents(own, { whole, server, statements }), statements);
  }

  /** What a restart must not forget; `undefined` when all is well. */
  snapshot(): DatabaseSnapshot | undefined {
    const { instance, database } = this.#options;
    const whole = this.#whole.snapshot();
    const classes = [...this.#classes].flatMap(([name, { breaker }]) => {
      const snapshot = breaker.snapshot();
      return snapshot === undefined ? [] : [[name, snapshot] as const];
    });
    if (whole === undefined && classes.length === 0) return undefined;
    return { instance, database, ...(whole === undefined ? {} : { whole }), classes };
  }

  restore(snapshot: DatabaseSnapshot, elapsedMs: number): void {
    if (snapshot.whole !== undefined) this.#whole.restore(snapshot.whole, elapsedMs);
    for (const [name, state] of snapshot.classes) this.#class(name).breaker.restore(state, elapsedMs);
  }

  /** The outcome of a call in calm times: to the class first what it alone is at fault for, to the instance the rest. */
  #withParents(
    own: Permit,
    {
      whole,
      server,
      statements,
    }: { readonly whole: Permit; readonly server: Permit; readonly statements: StatementClass },
  ): Permit {
    return {
      ...own,
      succeed: (durationMs) => {
        own.succeed(durationMs);
        whole.succeed(0);
        server.succeed(0);
      },
      fail: (errorClass) => {
        if (errorClass === "login") {
          // No class can ask anything: one failed login is enough.
          own.release();
          server.release();
          whole.fail(errorClass);
          return;
        }
        whole.release();
        if (concernsInstance(errorClass)) server.fail(errorClass);
        else server.release();
        // One failure opens one breaker: when it was the last one for the instance, the class has nothing to add.
        if (this.#server.breaker.state !== "closed") own.release();
        else own.fail(errorClass);
        statements.refused = errorClass === "configuration";
        if (this.#mostClassesOpen()) this.#whole.trip("children");
        if (this.open) this.#server.judge();
      },
      release: () => {
        own.release();
        whole.release();
        server.release();
      },
    };
  }

  /** What lacks a grant says nothing of the database's health, unless nothing at all is allowed. */
  #mostClassesOpen(): boolean {
    const classes = [...this.#classes.values()].map(({ breaker, refused }) => ({
      open: breaker.state === "open",
      refused,
    }));
    const unwell = classes.map(({ open, refused }) => ({ open: open && !refused }));
    return mostlyOpen(unwell) || (classes.length > 1 && classes.every(({ open }) => open));
  }

  /** The permit with a look at its outcome for the timeout of its class and for the steps of the instance. */
  #granted(admission: Permit | Refusal, statements: StatementClass): DatabaseAdmission {
    if (!admission.admitted) return admission;
    const { clock } = this.#options.environment;
    const { timeout } = statements;
    const startedMs = clock.monotonicMs();
    const timeoutMs = timeout.ms;
    const { moves } = this.#server;
    return {
      ...admission,
      timeoutMs,
      rediscover: moves > statements.seenMoves,
      succeed: (durationMs) => {
        admission.succeed(durationMs);
        timeout.answered(durationMs);
        statements.seenMoves = moves;
        this.#server.succeeded();
      },
      fail: (errorClass) => {
        admission.fail(errorClass);
        if (clock.monotonicMs() - startedMs >= timeoutMs) timeout.expired();
        this.#server.failed(errorClass);
      },
    };
  }

  #class(name: string): StatementClass {
    const known = this.#classes.get(name);
    if (known !== undefined) return known;
    // Beyond the bound classes share one breaker, and are still guarded.
    const bounded = this.#classes.size < classLimit - 1 ? name : "other";
    const { baseTimeoutMs: baseMs, maxTimeoutMs: maxMs } = this.#options.settings;
    const created = this.#classes.get(bounded) ?? {
      breaker: this.#breaker(bounded),
      timeout: new AdaptiveTimeout({ baseMs, maxMs }),
      seenMoves: this.#server.moves,
      refused: false,
    };
    this.#classes.set(bounded, created);
    return created;
  }

  #breaker(collectorClass?: string, after: (change: StateChange) => void = () => {}): Breaker {
    const { instance, database, settings, environment, onChange } = this.#options;
    const name = { instance, database, ...(collectorClass === undefined ? {} : { collectorClass }) };
    return new Breaker({
      settings,
      random: environment.random,
      nowMs: () => environment.clock.monotonicMs(),
      onChange: (change) => {
        onChange({ ...name, ...change });
        after(change);
      },
    });
  }
}

/** A server that is away or full is so for all of its databases. */
function concernsInstance(errorClass: ErrorClass): boolean {
  return errorClass === "failover" || errorClass === "overload";
}

/** The probe of a database, whose failure may be its instance's as well. */
function both(probe: Permit, server: Permit): Permit {
  return {
    ...probe,
    succeed: (durationMs) => {
      probe.succeed(durationMs);
      server.succeed(0);
    },
    fail: (errorClass) => {
      probe.fail(errorClass);
      if (concernsInstance(errorClass)) server.fail(errorClass);
      else server.release();
    },
    release: () => {
      probe.release();
      server.release();
    },
  };
}
