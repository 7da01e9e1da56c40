import { Folding } from "@dbintel/cardinality";
import type { AttributeKey, Attributes, Batch, Item, LogRecord, Logs, Metrics, Span, Traces } from "@dbintel/pdata";
import type { Budget } from "./budget.ts";
import type { CostControlConfig } from "./config.ts";
import { cutAttributes, cutBody } from "./cutting.ts";
import { Duplicates } from "./duplicates.ts";
import { Essentials } from "./essentials.ts";
import type { CostMetrics } from "./metrics.ts";
import { Pruning, prune } from "./pruning.ts";

/** From the step `attributes` on a metric has this share of its limit. */
const tightShare = 0.5;

/** Does to the items of one pipeline what the step of the budget says. */
export class Reducer {
  readonly #config: CostControlConfig;
  readonly #budget: Budget;
  readonly #metrics: CostMetrics;
  readonly #essentials: Essentials;
  readonly #duplicates: Duplicates;
  readonly #pruning: Pruning;
  readonly #folding: Folding;
  /** No text of an item that is smaller is too long. */
  readonly #shortItem: number;
  #windowSinceMs: number | undefined;

  constructor(args: { readonly config: CostControlConfig; readonly budget: Budget; readonly metrics: CostMetrics }) {
    const { config } = args;
    const { ladder } = config;
    this.#config = config;
    this.#budget = args.budget;
    this.#metrics = args.metrics;
    this.#essentials = new Essentials(config);
    this.#duplicates = new Duplicates(ladder.dedupe_window);
    this.#pruning = new Pruning({ limit: ladder.attribute_cardinality, keep: ladder.keep_attributes });
    this.#folding = new Folding(config.metric_cardinality_limit);
    this.#shortItem = Math.min(config.max_body_bytes, config.max_attribute_bytes);
  }

  get cardinality(): number {
    return this.#folding.cardinality;
  }

  /** Edits the batch; the returned function is for when it could not be delivered and its sender still has it. */
  apply(batch: Batch, nowMs: number): () => void {
    this.#rotate(nowMs);
    const work = this.#work(batch);
    if (batch.signal === "metrics") this.#points(batch, work);
    else if (work.isNeeded && batch.signal === "traces") this.#spans(batch, work);
    else if (work.isNeeded && batch.signal === "logs") this.#records(batch, work, nowMs);
    return () => this.#duplicates.forget(work.fresh);
  }

  /** What the step asks for, decided once a batch. */
  #work(batch: Batch): Work {
    const dedupe = this.#budget.takes("dedupe") && batch.signal === "logs";
    const cut = batch.byteSize > this.#shortItem;
    // Counted one step ahead, so that there is something to go by when the step is taken.
    const measure = this.#budget.takes("top_queries");
    const excess = this.#budget.takes("attributes") ? this.#pruning.excess() : [];
    const ration = this.#budget.takes("essentials");
    return { isNeeded: dedupe || cut || measure || ration, dedupe, cut, measure, excess, ration, fresh: [] };
  }

  #records(logs: Logs, work: Work, nowMs: number): void {
    const record = logs.records();
    let resource = { ordinal: -1, hash: 0 };
    while (record.advance()) {
      try {
        // All that is left to do for most records at the step `normal` (benchmark `processors`).
        if (work.measure || work.dedupe || work.ration) {
          if (work.dedupe && record.resource.ordinal !== resource.ordinal) resource = hashOf(record);
          if (!this.#keeps(record, work, resource.hash, nowMs)) continue;
        }
        if (work.cut && record.byteSize > this.#shortItem) {
          if (cutBody(record, this.#config.max_body_bytes)) this.#metrics.reduced("body_cut", 1);
          this.#cut(record.attributes);
        }
      } catch {
        this.#failed(record);
      }
    }
  }

  /** Drops what the step does without, else removes attributes. */
  #keeps(record: LogRecord, work: Work, resource: number, nowMs: number): boolean {
    const essential = this.#essentials.record(record);
    if (work.dedupe && !essential && this.#duplicates.repeats(record, resource, nowMs, work.fresh)) {
      record.drop("duplicate");
      return false;
    }
    if (!this.#affords(record, work, essential)) return false;
    this.#prune(record.attributes, work, essential);
    return true;
  }

  #spans(traces: Traces, work: Work): void {
    const span = traces.spans();
    while (span.advance()) {
      try {
        if ((work.measure || work.ration) && !this.#keepsSpan(span, work)) continue;
        if (!work.cut || span.byteSize <= this.#shortItem) continue;
        this.#cut(span.attributes);
        for (const event of span.events()) this.#cut(event.attributes);
      } catch {
        this.#failed(span);
      }
    }
  }

  #keepsSpan(span: Span, work: Work): boolean {
    const essential = this.#essentials.span(span);
    if (!this.#affords(span, work, essential)) return false;
    this.#prune(span.attributes, work, essential);
    return true;
  }

  #points(metrics: Metrics, work: Work): void {
    if (work.cut || work.ration) {
      const point = metrics.points();
      while (point.advance()) {
        try {
          if (work.ration && !this.#affords(point, work, this.#essentials.point(point))) continue;
          if (work.cut && point.byteSize > this.#shortItem) this.#cut(point.attributes);
        } catch {
          this.#failed(point);
        }
      }
    }
    const share = this.#budget.takes("attributes") ? tightShare : 1;
    this.#metrics.reduced("folded", this.#folding.apply(metrics, share, this.#failed));
  }

  /** On the last step: whether the tenant of the item may still send it; dropped otherwise. */
  #affords(item: Item, work: Work, essential: boolean): boolean {
    if (!work.ration) return true;
    const bytes = item.byteSize * this.#config.calibration;
    if (this.#budget.allowance.spend(this.#tenantOf(item), bytes, essential)) return true;
    item.drop("over_budget");
    return false;
  }

  #tenantOf(item: Item): string {
    const key = this.#config.tenants?.attribute;
    if (key === undefined) return "";
    return item.attributes.getString(key) ?? item.resource.attributes.getString(key) ?? "";
  }

  #prune(attributes: Attributes, work: Work, essential: boolean): void {
    if (work.measure) this.#pruning.measure(attributes);
    if (essential || work.excess.length === 0) return;
    this.#metrics.reduced("attribute_removed", prune(attributes, work.excess));
  }

  #cut(attributes: Attributes): void {
    this.#metrics.reduced("attribute_cut", cutAttributes(attributes, this.#config.max_attribute_bytes));
  }

  /** A malformed item: the others of its batch have nothing to do with it. */
  readonly #failed = (item: Item): void => {
    this.#metrics.reduced("judgement_failed", 1);
    if (this.#config.on_error === "drop") item.drop("judgement_failed");
  };

  #rotate(nowMs: number): void {
    this.#windowSinceMs ??= nowMs;
    if (nowMs - this.#windowSinceMs < this.#config.series_window) return;
    this.#windowSinceMs = nowMs;
    this.#folding.rotate();
    this.#pruning.rotate();
  }
}

/** What is to be done with the items of a batch. */
interface Work {
  /** Whether any of it concerns logs and spans. */
  readonly isNeeded: boolean;
  readonly dedupe: boolean;
  /** Whether an item may hold a text above a limit. */
  readonly cut: boolean;
  readonly measure: boolean;
  /** Attributes to be removed. */
  readonly excess: readonly AttributeKey[];
  readonly ration: boolean;
  /** Places of the records that were remembered. */
  readonly fresh: number[];
}

function hashOf({ resource }: Item): { ordinal: number; hash: number } {
  return { ordinal: resource.ordinal, hash: resource.attributes.hashAll(1) };
}
