import type { Logs } from "@dbintel/pdata";
import type { Host, Timer } from "@dbintel/pipeline";
import { type DetectorSnapshot, type Plan, RegressionDetector } from "@dbintel/plans";
import type { WaitCategory } from "@dbintel/waits";
import type { PlanAttributeExtractorConfig } from "../config.ts";
import type { ExtractorMetrics } from "../metrics.ts";
import { History, type StoredHistory } from "./history.ts";
import type { Executions } from "./observation.ts";
import { planEvent } from "./plan-event.ts";
import type { Statement } from "./statement.ts";

/** A plan with its hash, as a record told it. */
export interface HashedPlan {
  readonly hash: string;
  readonly plan: Plan;
}

interface StoredWatch {
  readonly version: 2;
  readonly detector: DetectorSnapshot;
  readonly history: StoredHistory;
}

/**
 * Follows how long statements take and by which plan, and tells at the end of each window what has changed.
 *
 * Counters of an interval are what counts. Single executions, as auto_explain tells them, are a selection that need not
 * be typical: they count only for statements without counters, and otherwise tell which plan it is that runs.
 */
export class RegressionWatch {
  readonly #host: Host;
  readonly #windowMs: number;
  readonly #metrics: ExtractorMetrics;
  readonly #send: (event: Logs) => unknown;
  readonly #windowEnded: () => unknown;
  readonly #settings: ConstructorParameters<typeof RegressionDetector>[0];
  readonly #history: History;
  #detector: RegressionDetector;
  #timer: Timer | undefined;

  constructor(args: {
    readonly config: PlanAttributeExtractorConfig["regression"];
    readonly maxPlans: number;
    readonly host: Host;
    readonly metrics: ExtractorMetrics;
    readonly send: (event: Logs) => unknown;
    /** Called after each window. */
    readonly windowEnded: () => unknown;
  }) {
    const { config, host } = args;
    this.#host = host;
    this.#windowMs = config.window;
    this.#metrics = args.metrics;
    this.#send = args.send;
    this.#windowEnded = args.windowEnded;
    this.#settings = {
      ratio: config.ratio,
      recoveryRatio: config.recovery_ratio,
      minImpact: config.min_impact,
      maxQueries: config.max_queries,
    };
    this.#history = new History(config.max_queries, args.maxPlans);
    this.#detector = new RegressionDetector(this.#settings);
  }

  start(): void {
    this.#timer ??= this.#schedule();
  }

  /** The window that is under way is forgotten: it says little. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The plan that a statement has, and the time of that one execution where it was measured. */
  planned(statement: Statement, { hash, plan }: HashedPlan): void {
    const { counted } = this.#history.planned(statement, hash, plan);
    if (plan.executionMs === undefined || counted) return;
    const rowsPerCall = plan.root.actual?.rows;
    this.#detector.observe({ query: statement.key, plan: hash, calls: 1, meanMs: plan.executionMs, rowsPerCall });
  }

  /** The executions of an interval. */
  executed(statement: Statement, executions: Executions): void {
    const { plan } = this.#history.counted(statement);
    this.#detector.observe({ query: statement.key, plan, ...executions });
  }

  /** A session was found with a statement. */
  sampled(statement: Statement, category: WaitCategory): void {
    this.#detector.sample(statement.key, category);
  }

  snapshot(): Uint8Array {
    const stored: StoredWatch = { version: 2, detector: this.#detector.snapshot(), history: this.#history.stored };
    return Buffer.from(JSON.stringify(stored));
  }

  restore(snapshot: Uint8Array): boolean {
    const stored = parsed(snapshot);
    if (stored === undefined) return false;
    this.#detector = new RegressionDetector(this.#settings, stored.detector);
    this.#history.restore(stored.history);
    return true;
  }

  #schedule(): Timer {
    return this.#host.clock.schedule(this.#windowMs, () => {
      this.#timer = this.#schedule();
      this.#endWindow();
    });
  }

  #endWindow(): void {
    const { clock, build } = this.#host;
    const unixNano = clock.unixNano();
    const window = { seconds: this.#windowMs / 1000, endMs: Number(unixNano / 1_000_000n) };
    for (const event of this.#detector.endWindow(window)) {
      this.#metrics.event(event);
      const known = this.#history.get(event.query);
      if (known === undefined) continue;
      const planOf = (hash: string) => this.#history.plan(hash);
      this.#send(planEvent({ event, statement: known.statement, planOf, unixNano, build }));
    }
    this.#metrics.history({ statements: this.#detector.size, plans: this.#history.plans });
    this.#windowEnded();
  }
}

function parsed(snapshot: Uint8Array): StoredWatch | undefined {
  try {
    const stored = JSON.parse(Buffer.from(snapshot).toString("utf8")) as Partial<StoredWatch> | null;
    if (stored?.version !== 2 || !Array.isArray(stored.detector?.queries)) return undefined;
    if (!Array.isArray(stored.history?.statements) || !Array.isArray(stored.history.plans)) return undefined;
    return stored as StoredWatch;
  } catch {
    return undefined;
  }
}
