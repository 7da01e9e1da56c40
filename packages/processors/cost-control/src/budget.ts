import { type Feedback, feedback } from "@dbintel/feedback";
import type { Host, SharedKey } from "@dbintel/pipeline";
import { Allowance } from "./allowance.ts";
import { type BudgetState, decodeState, encodeState } from "./budget-state.ts";
import { dayOf, monthOf, type Period } from "./calendar.ts";
import type { CostControlConfig } from "./config.ts";
import { type StepName, savingsOf, stepNumber, steps } from "./ladder.ts";
import { PeriodLedger } from "./ledger.ts";
import { Season } from "./season.ts";

const bytesPerGb = 1e9;
/** Announcements that wait for a logs pipeline; older ones have been logged and are left out. */
const maxAnnouncements = 16;

/** A step that was taken or taken back. */
export interface StepChange {
  readonly unixNano: bigint;
  readonly from: StepName;
  readonly to: StepName;
  /** Bytes expected until the end of the period, divided by those that may still be stored. */
  readonly pressure: number;
  /** Stored bytes of this month, and those that were saved so far. */
  readonly usedBytes: number;
  readonly limitBytes: number;
  readonly savedBytes: number;
  readonly savedUsd: number | undefined;
}

/**
 * The budget of one component id: its instances in all pipelines of the collector spend it together.
 *
 * The pressure is what is expected until the end of the month (or day) divided by what is left for it. Above `up` a
 * step is taken, below `down` one is taken back. Both numbers are of the rest of the period, so the same thresholds
 * hold on its first day and on its last. On the last step what is left is handed out along the season.
 */
export class Budget {
  readonly allowance: Allowance;
  readonly #id: string;
  readonly #config: CostControlConfig;
  readonly #host: Pick<Host, "clock" | "logger">;
  readonly #feedback: Feedback;
  readonly #highest: number;
  #season = new Season();
  #used = new PeriodLedger();
  #offered = new PeriodLedger();
  #step = 0;
  #pressure = 0;
  #intervalOffered = 0;
  #intervalSent = 0;
  #lookedAtMs: number | undefined;
  #announcements: StepChange[] = [];
  #members = 0;

  constructor(args: { readonly id: string; readonly config: CostControlConfig; readonly host: Host }) {
    this.#id = args.id;
    this.#config = args.config;
    this.#host = args.host;
    this.#feedback = args.host.shared(feedback);
    this.#highest = stepNumber(args.config.ladder.highest);
    const { tenants } = args.config;
    this.allowance = new Allowance((tenant) => tenants?.weights[tenant] ?? tenants?.default_weight ?? 1);
  }

  get step(): number {
    return this.#step;
  }

  get pressure(): number {
    return this.#pressure;
  }

  /** Stored bytes of this month. */
  get usedBytes(): number {
    return this.#used.of(monthOf(this.#unixMs()).key);
  }

  /** Bytes used divided by those that may be, of the month or of the day, whichever is nearer to its end. */
  get usedShare(): number {
    return Math.max(...this.#limits(this.#unixMs()).map(({ period, bytes }) => this.#used.of(period.key) / bytes));
  }

  /** Bytes that this collector may store this month. */
  get limitBytes(): number {
    const limits = this.#limits(this.#unixMs());
    return limits.find(({ period }) => period.key.length === 7)?.bytes ?? Number.POSITIVE_INFINITY;
  }

  /** Bytes of this month that were offered and not stored. */
  get savedBytes(): number {
    return Math.max(0, this.#offered.of(monthOf(this.#unixMs()).key) - this.usedBytes);
  }

  /** Whether the step is taken now. */
  takes(step: StepName): boolean {
    return this.#step >= stepNumber(step);
  }

  join(): void {
    if (this.#members++ === 0) this.#demand();
  }

  /** The last one takes the demand back. */
  leave(): void {
    if (--this.#members === 0) this.#feedback.demand(this.#id, undefined);
  }

  /** Counts encoded bytes that came in and those of them that were passed on; negative ones take back a count. */
  count(offered: number, sent: number): void {
    const { calibration } = this.#config;
    const unixMs = this.#unixMs();
    for (const { key } of [monthOf(unixMs), dayOf(unixMs)]) {
      this.#used.add(key, sent * calibration);
      this.#offered.add(key, offered * calibration);
    }
    this.#intervalOffered += offered * calibration;
    this.#intervalSent += sent * calibration;
  }

  /** Looks at the forecast when it is time to, and takes a step or takes one back. */
  look(): void {
    const nowMs = this.#host.clock.monotonicMs();
    this.#lookedAtMs ??= nowMs;
    const elapsedMs = nowMs - this.#lookedAtMs;
    if (elapsedMs < this.#config.ladder.interval) return;
    this.#lookedAtMs = nowMs;
    const unixMs = this.#unixMs();
    this.#season.observe({ unixMs, elapsedMs, offered: this.#intervalOffered, sent: this.#intervalSent });
    this.#intervalOffered = 0;
    this.#intervalSent = 0;
    let pressure = 0;
    let pace = Number.POSITIVE_INFINITY;
    for (const { period, bytes } of this.#limits(unixMs)) {
      const left = bytes - this.#used.of(period.key);
      const expected = this.#season.forecast(unixMs, period.endMs);
      pressure = Math.max(pressure, left > 0 ? expected / left : Number.POSITIVE_INFINITY);
      pace = Math.min(pace, left > 0 ? this.#season.pace(left, unixMs, period.endMs) : 0);
    }
    this.#pressure = pressure;
    this.allowance.refill(elapsedMs, pace);
    this.#decide(pressure);
  }

  /** Announcements since the last call: for the one logs pipeline that asks first. */
  takeAnnouncements(): readonly StepChange[] {
    const taken = this.#announcements;
    this.#announcements = [];
    return taken;
  }

  snapshot(): Uint8Array {
    return encodeState({
      version: 1,
      used: this.#used.entries(),
      offered: this.#offered.entries(),
      step: this.#step,
      season: { ...this.#season.state, profile: [...this.#season.state.profile] },
    });
  }

  /** Goes on from a snapshot; one that knows less than the budget does is left aside. False when it is unreadable. */
  restore(snapshot: Uint8Array): boolean {
    const state = decodeState(snapshot);
    if (state === undefined) return false;
    const latest = monthOf(this.#unixMs()).key;
    if (new PeriodLedger(state.used).of(latest) < this.#used.of(latest)) return true;
    if (state.season.observedMs < this.#season.observedMs) return true;
    this.#restoreFrom(state);
    return true;
  }

  #restoreFrom(state: BudgetState): void {
    this.#used = new PeriodLedger(state.used);
    this.#offered = new PeriodLedger(state.offered);
    this.#season = new Season(state.season);
    this.#step = Math.min(state.step, this.#highest);
    this.#demand();
  }

  #decide(pressure: number): void {
    const { up, down, warmup } = this.#config.ladder;
    const exhausted = pressure === Number.POSITIVE_INFINITY;
    if (exhausted) {
      if (this.#step < this.#highest) this.#move(this.#highest, pressure);
    } else if (pressure > up && this.#step < this.#highest && this.#season.observedMs >= warmup) {
      this.#move(this.#step + 1, pressure);
    } else if (pressure < down && this.#step > 0) {
      this.#move(this.#step - 1, pressure);
    }
  }

  #move(step: number, pressure: number): void {
    const change: StepChange = {
      unixNano: this.#host.clock.unixNano(),
      from: nameOf(this.#step),
      to: nameOf(step),
      pressure,
      usedBytes: Math.round(this.usedBytes),
      limitBytes: Math.round(this.limitBytes),
      savedBytes: Math.round(this.savedBytes),
      savedUsd: this.#usd(this.savedBytes),
    };
    this.#step = step;
    this.#demand();
    this.#announcements = [...this.#announcements, change].slice(-maxAnnouncements);
    const { unixNano: _, ...fields } = change;
    this.#host.logger.info({ ...fields, price_date: this.#config.price_date }, "telemetry budget step");
  }

  #demand(): void {
    const savings = this.#step === 0 ? undefined : savingsOf(this.#step, this.#config.ladder);
    this.#feedback.demand(this.#id, savings);
  }

  #usd(bytes: number): number | undefined {
    const { price_per_gb: price } = this.#config;
    return price === undefined ? undefined : (bytes / bytesPerGb) * price;
  }

  /** The limits that hold now, of this replica's share. */
  #limits(unixMs: number): { readonly period: Period; readonly bytes: number }[] {
    const { monthly_budget_usd: money, price_per_gb: price, free_gb_per_month: free, bytes_per_day } = this.#config;
    const { count, share = 1 / count } = this.#config.replicas;
    const limits = [];
    if (money !== undefined && price !== undefined) {
      limits.push({ period: monthOf(unixMs), bytes: (money / price + free) * bytesPerGb * share });
    }
    if (bytes_per_day !== undefined) limits.push({ period: dayOf(unixMs), bytes: bytes_per_day * share });
    return limits;
  }

  #unixMs(): number {
    return Number(this.#host.clock.unixNano() / 1_000_000n);
  }
}

function nameOf(step: number): StepName {
  return steps[step] ?? "normal";
}

/** The budgets of a collector by component id. */
export const budgets: SharedKey<Map<string, Budget>> = { name: "budgets", create: () => new Map() };
