import { Sketch } from "@dbintel/cardinality";
import { type AttributeKey, attributeKey, attributeKeys, type Batch, type Item } from "@dbintel/pdata";
import { type Clock, SlidingCount } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import { itemsOf } from "../items.ts";
import type { QualityConfig } from "./config.ts";
import { FieldRules } from "./field-rules.ts";
import type { Finding, FindingCategory } from "./finding.ts";
import { Rate } from "./rate.ts";

/** Kinds of problems with fields that are counted apart. */
const maxProblems = 256;
const seed = 1;
/** What `Attributes.hash` answers where there is no value. */
const none = -1;

/** What is seen of items within the window: scores, rates, problems with fields, and numbers of values. */
export class ItemQuality {
  readonly #clock: Clock;
  readonly #config: QualityConfig;
  readonly #rules: FieldRules;
  readonly #statements;
  readonly #fingerprints;
  readonly #entities;
  readonly #score: Rate;
  readonly #normalized: Rate;
  readonly #correlated: Rate;
  readonly #problems = new LRUCache<string, SlidingCount>({ max: maxProblems });
  readonly #values: readonly { readonly key: AttributeKey; readonly limit: number; sketch: Sketch }[];
  /** When the sketches began, on the monotonic clock. */
  #sinceMs: number;

  constructor(clock: Clock, config: QualityConfig) {
    this.#clock = clock;
    this.#config = config;
    const rate = () => new Rate(clock, { windowMs: config.window, minimum: config.minimum_items });
    [this.#score, this.#normalized, this.#correlated] = [rate(), rate(), rate()];
    this.#rules = new FieldRules({
      required: config.required_fields,
      types: config.data_types,
      problems: {
        missing: (name) => this.#count("required_field", name),
        empty: (name) => this.#count("required_field", name),
        wrongType: (name) => this.#count("data_type", name),
      },
    });
    this.#statements = attributeKeys(config.statements);
    this.#fingerprints = attributeKeys(config.fingerprints);
    this.#entities = attributeKeys(config.entity_attributes);
    this.#values = Object.entries(config.cardinality_limits).map(([name, limit]) => {
      return { key: attributeKey(name), limit, sketch: new Sketch() };
    });
    this.#sinceMs = clock.monotonicMs();
  }

  /** The mean score, while there are items enough to judge. */
  get score(): number | undefined {
    return this.#score.value?.share;
  }

  /** Looks at the items of a batch, which is not changed. */
  observe(batch: Batch): void {
    let [items, score, statements, normalized, correlated] = [0, 0, 0, 0, 0];
    let [resource, hasEntity] = [-1, false];
    const item = itemsOf(batch);
    while (item.advance()) {
      items++;
      score += this.#rules.score(item);
      if (item.attributes.firstOf(this.#statements) >= 0) {
        statements++;
        if (item.attributes.firstOf(this.#fingerprints) >= 0) normalized++;
      }
      if (item.resource.ordinal !== resource) {
        resource = item.resource.ordinal;
        hasEntity = item.resource.attributes.firstOf(this.#entities) >= 0;
      }
      if (hasEntity || item.attributes.firstOf(this.#entities) >= 0) correlated++;
      if (this.#values.length > 0) this.#countValues(item);
    }
    this.#score.add(score, items);
    this.#normalized.add(normalized, statements);
    this.#correlated.add(correlated, items);
  }

  #countValues({ attributes }: Item): void {
    for (const { key, sketch } of this.#values) {
      const hash = attributes.hash(key, seed);
      if (hash !== none) sketch.add(hash);
    }
  }

  /** What is wrong within the window. */
  look(): readonly Finding[] {
    return [...this.#lookAtRates(), ...this.#lookAtFields(), ...this.#lookAtValues()];
  }

  *#lookAtRates(): Generator<Finding> {
    const { min_quality_score, min_normalization_rate, min_entity_correlation_rate } = this.#config;
    const rates = [
      ["quality_score", this.#score, min_quality_score, "see the findings about single fields"],
      [
        "normalization",
        this.#normalized,
        min_normalization_rate,
        "put query_correlator or plan_attribute_extractor before, which name the fingerprint of each statement",
      ],
      [
        "entity_correlation",
        this.#correlated,
        min_entity_correlation_rate,
        "set service.instance.id, or service.name, with the resource processor",
      ],
    ] as const;
    for (const [category, rate, least, remediation] of rates) {
      const { value } = rate;
      if (value === undefined || value.share >= least) continue;
      const evidence = { share: value.share, least_share: least, items: value.items };
      yield { category, subject: category, message: `${category} is ${value.share.toFixed(2)}`, remediation, evidence };
    }
  }

  *#lookAtFields(): Generator<Finding> {
    for (const [key, count] of this.#problems.entries()) {
      const items = count.value;
      if (items === 0) continue;
      const [category, subject] = key.split("\0") as [FindingCategory, string];
      const what = category === "data_type" ? "has another type than asked for" : "is missing or empty";
      yield {
        category,
        subject,
        message: `${subject} ${what}`,
        remediation: "mend it where the items are made, or with the attributes processor",
        evidence: { items },
      };
    }
  }

  *#lookAtValues(): Generator<Finding> {
    const nowMs = this.#clock.monotonicMs();
    const isOver = nowMs - this.#sinceMs >= this.#config.window;
    if (isOver) this.#sinceMs = nowMs;
    for (const field of this.#values) {
      const values = Math.round(field.sketch.estimate);
      if (isOver) field.sketch = new Sketch();
      if (values <= field.limit) continue;
      yield {
        category: "cardinality",
        subject: field.key.name,
        message: `${field.key.name} has ${values} values`,
        remediation: "remove the attribute, or let cost_control fold its values",
        evidence: { values, limit: field.limit },
      };
    }
  }

  #count(category: FindingCategory, attribute: string): void {
    const key = `${category}\0${attribute}`;
    let count = this.#problems.get(key);
    if (count === undefined) {
      count = new SlidingCount(this.#clock, this.#config.window);
      this.#problems.set(key, count);
    }
    count.add();
  }
}
