import { PartialError } from "@dbintel/errors";
import { type Feedback, feedback } from "@dbintel/feedback";
import { attributeKey, type BatchOf, type Cursor, type Item } from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer, Host } from "@dbintel/pipeline";
import type { AdaptiveSamplerConfig } from "./config.ts";
import { SamplerMetrics } from "./metrics.ts";
import { RandomPool } from "./random-pool.ts";
import { classNumber, keptReasons } from "./reasons.ts";
import type { Rule } from "./rule.ts";
import { Sampler } from "./sampler.ts";
import { BackPressure } from "./sampling/back-pressure.ts";
import { ordinary, verdicts } from "./sampling/candidates.ts";
import { adjustedCount, fates, Lesson, Survey } from "./survey.ts";
import { Tally } from "./tally.ts";
import type { Traits } from "./traits.ts";

const samplingReason = attributeKey("sampling.reason");
const samplingDuplicates = attributeKey("sampling.duplicates");

/** A budget may ask for little, but a probability of 0 would bias what is estimated. */
const leastPressure = 0.001;

/** How the items of a signal are found, described and named. */
export interface SampledKind<S extends "logs" | "traces", T extends Item> {
  readonly signal: S;
  readonly items: (batch: BatchOf[S]) => Cursor & T;
  readonly rules: readonly Rule<T>[];
  readonly traits: Traits<T>;
}

/** Samples the items of one pipeline and passes on those that it keeps. Holds nothing. */
export class AdaptiveSampler<S extends "logs" | "traces", T extends Item> implements Component, Consumer<S> {
  readonly #config: AdaptiveSamplerConfig;
  readonly #host: Host;
  readonly #kind: SampledKind<S, T>;
  readonly #next: Consumer<S>;
  readonly #survey: Survey<T>;
  readonly #sampler: Sampler;
  readonly #metrics: SamplerMetrics;
  readonly #feedback: Feedback;
  readonly #backPressure = new BackPressure();
  readonly #reasons: ReturnType<typeof keptReasons>;

  constructor(args: {
    readonly id: string;
    readonly config: AdaptiveSamplerConfig;
    readonly host: Host;
    readonly kind: SampledKind<S, T>;
    readonly next: Consumer<S>;
  }) {
    const { config, host, kind } = args;
    this.#config = config;
    this.#host = host;
    this.#kind = kind;
    this.#next = args.next;
    this.#survey = new Survey({ config, rules: kind.rules, traits: kind.traits });
    const random = new RandomPool(host.random);
    this.#sampler = new Sampler({
      groups: kind.rules,
      maxRecordsPerSecond: config.max_records_per_second,
      maxBytesPerSecond: config.max_bytes_per_second,
      keepAlwaysPerSecond: config.keep_always.max_records_per_second,
      slowClass: config.keep_always.classes.includes("slow") ? classNumber("slow") : undefined,
      minRate: config.min_sample_rate,
      minimumPerKey: config.minimum_per_key,
      maxKeys: config.max_keys,
      intervalMs: config.interval,
      random: () => random.next(),
    });
    this.#metrics = new SamplerMetrics({ host, id: args.id, signal: kind.signal });
    this.#feedback = host.shared(feedback);
    this.#reasons = keptReasons(kind.rules);
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async consume(batch: BatchOf[S], context: ConsumeContext): Promise<void> {
    const lesson = new Lesson();
    this.#decide(batch, lesson);
    if (batch.count === 0) return;
    try {
      await this.#next.consume(batch, context);
    } catch (error) {
      // After a partial answer nobody sends again; after any other the sender still has it all.
      if (!(error instanceof PartialError)) this.#survey.forget(lesson);
      throw error;
    }
  }

  #decide(batch: BatchOf[S], lesson: Lesson): void {
    const nowMs = this.#host.clock.monotonicMs();
    const { savings, exporterLoad } = this.#feedback;
    const pressure = Math.max(leastPressure, this.#backPressure.share(exporterLoad, nowMs) * savings.samplingFactor);
    const { suppressRepeats } = savings;
    const items = this.#kind.items(batch);
    this.#survey.read({ items, count: batch.count, nowMs, suppressRepeats, lesson });
    this.#sampler.decide(this.#survey.candidates, nowMs, pressure);
    const tally = new Tally();
    this.#apply(batch, tally);
    tally.writeTo(this.#metrics);
    this.#metrics.state({ represented: tally.represented, pressure, keys: this.#sampler.trackedKeys });
  }

  /** Drops what was not kept and marks the rest. */
  #apply(batch: BatchOf[S], tally: Tally): void {
    const item = this.#kind.items(batch);
    let candidate = 0;
    for (let position = 0; item.advance(); position++) {
      const fate = this.#survey.fates[position];
      if (fate === fates.candidate) {
        this.#settle(item, candidate, tally);
        candidate += 1;
      } else if (fate === fates.exact) {
        tally.kept("exact");
      } else if (fate === fates.duplicate) {
        drop(item, "duplicate", tally);
      } else {
        this.#fail(item, tally);
      }
    }
  }

  #settle(item: T, index: number, tally: Tally): void {
    const { candidates, duplicates } = this.#survey;
    if (!candidates.isKept(index)) {
      drop(item, verdicts[candidates.verdicts[index] as number] as string, tally);
      return;
    }
    const guarantee = candidates.guarantees[index] as number;
    const reason =
      guarantee === ordinary
        ? (this.#reasons.byGroup[candidates.groups[index] as number] as string)
        : (this.#reasons.byGuarantee[guarantee] as string);
    const stands = candidates.adjustedCount(index);
    try {
      item.attributes.set(adjustedCount, stands);
      item.attributes.set(samplingReason, reason);
      const suppressed = duplicates[index] as number;
      if (suppressed > 0) item.attributes.set(samplingDuplicates, BigInt(suppressed));
      this.#kind.traits.writeTrace(item, candidates, index);
      tally.kept(reason);
      tally.represented += stands;
    } catch {
      this.#fail(item, tally);
    }
  }

  #fail(item: T, tally: Tally): void {
    if (this.#config.on_error === "drop") drop(item, "judgement_failed", tally);
    else tally.kept("judgement_failed");
  }
}

function drop(item: Item, reason: string, tally: Tally): void {
  item.drop(reason);
  tally.dropped(reason);
}
