import type { Attributes, Batch, Item, Logs, Metrics, Traces } from "@dbintel/pdata";
import { AttributeValues } from "./attribute-values.ts";
import type { Budget } from "./budget.ts";
import type { CostControlConfig } from "./config.ts";
import { cutAttributes, cutBody } from "./cutting.ts";
import { Duplicates } from "./duplicates.ts";
import { Essentials } from "./essentials.ts";
import { Folding } from "./folding.ts";
import type { CostMetrics } from "./metrics.ts";

/** From the step `attributes` on a metric has this share of its limit. */
const tightShare = 0.5;

/** Does to the items of one pipeline what the step of the budget says. */
export class Reducer {
  readonly #config: CostControlConfig;
  readonly #budget: Budget;
  readonly #metrics: CostMetrics;
  readonly #essentials: Essentials;
  readonly #duplicates: Duplicates;
  readonly #values: AttributeValues;
  readonly #folding: Folding;
  #windowSinceMs: number | undefined;

  constructor(args: { readonly config: CostControlConfig; readonly budget: Budget; readonly metrics: CostMetrics }) {
    const { config } = args;
    const { ladder } = config;
    this.#config = config;
    this.#budget = args.budget;
    this.#metrics = args.metrics;
    this.#essentials = new Essentials(config);
    this.#duplicates = new Duplicates(ladder.dedupe_window);
    this.#values = new AttributeValues({ limit: ladder.attribute_cardinality, keep: ladder.keep_attributes });
    this.#folding = new Folding(config.metric_cardinality_limit);
  }

  get cardinality(): number {
    return this.#folding.cardinality;
  }

  /** Edits the batch; the returned function is for when it could not be delivered and its sender still has it. */
  apply(batch: Batch, nowMs: number): () => void {
    this.#rotate(nowMs);
    // An item cannot be larger than its batch: most need no look for long texts.
    const bytes = batch.byteSize;
    const size = { bytes: batch.count === 0 ? 0 : bytes / batch.count, mayBeLong: this.#mayBeLong(bytes) };
    const fresh: number[] = [];
    if (batch.signal === "logs") this.#logs(batch, nowMs, size, fresh);
    else if (batch.signal === "traces") this.#traces(batch, size);
    else this.#points(batch, size);
    return () => this.#duplicates.forget(fresh);
  }

  #logs(logs: Logs, nowMs: number, size: Size, fresh: number[]): void {
    const dedupe = this.#budget.takes("dedupe");
    for (const record of logs.records()) {
      this.#judge(record, () => {
        const essential = this.#essentials.record(record);
        if (dedupe && !essential && this.#duplicates.repeats(record, nowMs, fresh)) {
          record.drop("duplicate");
          return;
        }
        if (!this.#affords(record, size, essential)) return;
        this.#prune(record.attributes, essential);
        if (!size.mayBeLong) return;
        if (cutBody(record, this.#config.max_body_bytes)) this.#metrics.reduced("body_cut", 1);
        this.#cut(record.attributes);
      });
    }
  }

  #traces(traces: Traces, size: Size): void {
    for (const span of traces.spans()) {
      this.#judge(span, () => {
        const essential = this.#essentials.span(span);
        if (!this.#affords(span, size, essential)) return;
        this.#prune(span.attributes, essential);
        if (size.mayBeLong) this.#cut(span.attributes);
      });
    }
  }

  #points(metrics: Metrics, size: Size): void {
    if (size.mayBeLong || this.#budget.takes("essentials")) {
      for (const point of metrics.points()) {
        this.#judge(point, () => {
          if (this.#affords(point, size, this.#essentials.point(point)) && size.mayBeLong) this.#cut(point.attributes);
        });
      }
    }
    const share = this.#budget.takes("attributes") ? tightShare : 1;
    const failed = (item: Item) => this.#failed(item);
    this.#metrics.reduced("folded", this.#folding.apply(metrics, share, failed));
  }

  /** On the last step: whether the tenant of the item may still send it; dropped otherwise. */
  #affords(item: Item, size: Size, essential: boolean): boolean {
    if (!this.#budget.takes("essentials")) return true;
    if (this.#budget.allowance.spend(this.#tenantOf(item), size.bytes * this.#config.calibration, essential))
      return true;
    item.drop("over_budget");
    return false;
  }

  #tenantOf(item: Item): string {
    const key = this.#config.tenants?.attribute;
    if (key === undefined) return "";
    return item.attributes.getString(key) ?? item.resource.attributes.getString(key) ?? "";
  }

  #prune(attributes: Attributes, essential: boolean): void {
    // One step ahead, so that there is something to go by when the step is taken.
    if (this.#budget.takes("top_queries")) this.#values.measure(attributes);
    if (essential || !this.#budget.takes("attributes")) return;
    this.#metrics.reduced("attribute_removed", this.#values.prune(attributes));
  }

  #cut(attributes: Attributes): void {
    this.#metrics.reduced("attribute_cut", cutAttributes(attributes, this.#config.max_attribute_bytes));
  }

  #judge(item: Item, judgement: () => void): void {
    try {
      judgement();
    } catch {
      this.#failed(item);
    }
  }

  /** A malformed item: the others of its batch have nothing to do with it. */
  #failed(item: Item): void {
    this.#metrics.reduced("judgement_failed", 1);
    if (this.#config.on_error === "drop") item.drop("judgement_failed");
  }

  #mayBeLong(bytes: number): boolean {
    return bytes > Math.min(this.#config.max_body_bytes, this.#config.max_attribute_bytes);
  }

  #rotate(nowMs: number): void {
    this.#windowSinceMs ??= nowMs;
    if (nowMs - this.#windowSinceMs < this.#config.series_window) return;
    this.#windowSinceMs = nowMs;
    this.#folding.rotate();
    this.#values.clear();
  }
}

interface Size {
  /** Mean of the batch's items. */
  readonly bytes: number;
  /** Whether an item may hold a text above a limit. */
  readonly mayBeLong: boolean;
}
