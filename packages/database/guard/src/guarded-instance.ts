import type { Host } from "@dbintel/pipeline";
import { type Admission, Breaker, type BreakerSnapshot, type StateChange } from "./breaker.ts";
import type { ErrorClass } from "./error-class.ts";
import type { BreakerSettings } from "./settings.ts";

/** A database of the instance, as far as the instance needs it. */
export interface InstanceMember {
  readonly open: boolean;
  /** Closes what is open: the instance decides alone now, and its recovery is that of all. */
  absorb(): void;
}

/** Steps before the breaker opens: intervals up to 2^4 times as long, and all classes shed that may be. */
const lastStep = 4;
/** The first step that sheds classes; the one before only makes intervals longer. */
const firstShedding = 2;
/** The share of open children at which a parent opens. */
const openShare = 0.5;

/** Whether half of at least two children are open. */
export function mostlyOpen(children: Iterable<{ readonly open: boolean }>): boolean {
  let all = 0;
  let open = 0;
  for (const child of children) {
    all++;
    if (child.open) open++;
  }
  return all > 1 && open / all >= openShare;
}

/**
 * One server with all of its databases. What the server as a whole is at fault for counts here: lost connections,
 * failover, overload. While its breaker is not closed it alone decides, so that only its staged probes reach the
 * server, whichever database they are for. Before it opens it gives way in steps: first longer intervals, then also
 * without the classes of `shedOrder`, the first of them first. A success takes a step back once nothing has failed for
 * `decayMs`.
 */
export class GuardedInstance {
  readonly settings: BreakerSettings;
  readonly #breaker: Breaker;
  readonly #members = new Set<InstanceMember>();
  readonly #nowMs: () => number;
  #step = 0;
  /** When the last step was taken, forth or back. */
  #steppedMs = 0;
  #moves = 0;

  constructor(options: {
    readonly settings: BreakerSettings;
    readonly environment: Pick<Host, "clock" | "random">;
    readonly onChange: (change: StateChange) => void;
  }) {
    const { settings, environment, onChange } = options;
    this.settings = settings;
    this.#nowMs = () => environment.clock.monotonicMs();
    this.#breaker = new Breaker({
      settings,
      random: environment.random,
      nowMs: this.#nowMs,
      onChange: (change) => {
        onChange(change);
        if (change.to === "open") for (const member of this.#members) member.absorb();
      },
    });
  }

  get breaker(): Pick<Breaker, "state" | "stage" | "consecutiveFailures"> {
    return this.#breaker;
  }

  /** ≥ 1: how many times longer intervals are to be. */
  get intervalFactor(): number {
    return 2 ** this.#step;
  }

  /** How often the server was found to be away. */
  get moves(): number {
    return this.#moves;
  }

  /** Databases that are remembered. */
  get size(): number {
    return this.#members.size;
  }

  /** Opens because of what is known of the server's health. */
  trip(): void {
    this.#breaker.trip("health");
  }

  /** @see Breaker.retry */
  retry(): boolean {
    return this.#breaker.retry();
  }

  join(member: InstanceMember): void {
    this.#members.add(member);
  }

  leave(member: InstanceMember): void {
    this.#members.delete(member);
  }

  /** A call of the cheapest class is never shed. */
  admit(collectorClass: string, cheap: boolean): Admission {
    const admission = this.#breaker.admit(cheap);
    if (!admission.admitted || admission.stage !== undefined || cheap || !this.#sheds(collectorClass)) return admission;
    admission.release();
    return { admitted: false, reason: "shed", retryAfterMs: undefined };
  }

  /**
   * Looks at a success, whichever breaker decided about the call. It is time that takes a step back and not the number
   * of successes: one poll may be made of many calls.
   */
  succeeded(): void {
    const nowMs = this.#nowMs();
    if (this.#step === 0 || nowMs - this.#steppedMs < this.settings.decayMs) return;
    this.#step--;
    this.#steppedMs = nowMs;
  }

  /** Looks at a failure, whichever breaker decided about the call. */
  failed(errorClass: ErrorClass): void {
    if (errorClass === "ours" || errorClass === "configuration" || errorClass === "login") return;
    this.#steppedMs = this.#nowMs();
    if (errorClass === "overload") this.#step = Math.min(lastStep, this.#step + 1);
    if (errorClass === "failover") this.#moves++;
  }

  /** Opens when half of its databases are open. */
  judge(): void {
    if (mostlyOpen(this.#members)) this.#breaker.trip("children");
  }

  snapshot(): BreakerSnapshot | undefined {
    return this.#breaker.snapshot();
  }

  restore(snapshot: BreakerSnapshot, elapsedMs: number): void {
    this.#breaker.restore(snapshot, elapsedMs);
  }

  #sheds(collectorClass: string): boolean {
    const { shedOrder } = this.settings;
    const share = (this.#step - firstShedding + 1) / (lastStep - firstShedding + 1);
    const place = shedOrder.indexOf(collectorClass);
    return place >= 0 && place < Math.ceil(share * shedOrder.length);
  }
}
