import { type Attributes, attributeKey, type Cursor, type Item, joinHash, type Resource } from "@dbintel/pdata";
import type { AdaptiveSamplerConfig, KeepAlwaysClass } from "./config.ts";
import { classNumber } from "./reasons.ts";
import type { Rule } from "./rule.ts";
import { Candidates, none, ordinary } from "./sampling/candidates.ts";
import { Deduplication, Repeats } from "./sampling/deduplication.ts";
import { FirstSight } from "./sampling/first-sight.ts";
import { Told, topic } from "./told.ts";
import type { Traits } from "./traits.ts";

export const adjustedCount = attributeKey("sampling.adjusted_count");

const responseStatus = attributeKey("db.response.status_code");
/** An error that broke a deadlock: SQLSTATE of PostgreSQL, error number of MySQL and MariaDB. */
const deadlockCodes = ["40P01", "1213"].map((code) => new TextEncoder().encode(code));

/** What the attributes of a kept record add to it, roughly. */
const markBytes = 80;

/** Of the hashes of values. */
const valueSeed = 0x5bd1e995;
/** Makes a hash of a value that is independent of the one by `valueSeed`. */
const checkSeed = 0x1b873593;

/** What becomes of the item at a position of the batch. */
export const fates = { candidate: 0, exact: 1, duplicate: 2, failed: 3 } as const;

/** What a batch taught, to be forgotten when it is not taken: its sender sends it again. */
export class Lesson {
  readonly repeats = new Repeats();
  readonly fingerprints: number[] = [];
  readonly plans: number[] = [];
}

/** Reads what a decision needs from the items of a batch into columns, without decoding or allocating where it can. */
export class Survey<T extends Item> {
  /** One for each item whose fate is `candidate`, in their order. */
  readonly candidates = new Candidates();
  /** By candidate: suppressed records that it stands for. */
  duplicates = new Float64Array(0);
  /** By position in the batch. */
  fates = new Uint8Array(0);
  readonly #rules: readonly Rule<T>[];
  readonly #traits: Traits<T>;
  readonly #deduplication: Deduplication;
  readonly #deduplicates: boolean;
  readonly #told: Told;
  /** The database that the resource at this position names. */
  #resource = -1;
  #resourceDatabase = none;
  readonly #classes: ReadonlySet<KeepAlwaysClass>;
  readonly #fingerprints: FirstSight;
  readonly #plans: FirstSight;

  constructor(args: { config: AdaptiveSamplerConfig; rules: readonly Rule<T>[]; traits: Traits<T> }) {
    const { deduplication, keep_always, attributes } = args.config;
    this.#rules = args.rules;
    this.#traits = args.traits;
    this.#deduplicates = deduplication.enabled;
    this.#deduplication = new Deduplication({ windowMs: deduplication.window, cacheSize: deduplication.cache_size });
    this.#told = new Told({
      ...attributes,
      adjusted_count: [adjustedCount.name],
      error: ["error.type"],
      repeat: [deduplication.hash_attribute],
    });
    this.#classes = new Set(keep_always.classes);
    this.#fingerprints = new FirstSight(keep_always.memory);
    this.#plans = new FirstSight(keep_always.memory);
  }

  /** Reads a batch of `count` items; `suppressRepeats` turns deduplication on where it is off. */
  read(args: {
    readonly items: Cursor & T;
    readonly count: number;
    readonly nowMs: number;
    readonly suppressRepeats: boolean;
    readonly lesson: Lesson;
  }): void {
    const { items, count, nowMs, lesson } = args;
    const { candidates } = this;
    candidates.reset(count);
    this.#resource = -1;
    if (this.fates.length < count || this.fates.length > candidates.weights.length) {
      this.fates = new Uint8Array(candidates.weights.length);
      this.duplicates = new Float64Array(candidates.weights.length);
    }
    const deduplicates = this.#deduplicates || args.suppressRepeats;
    let candidate = 0;
    for (let position = 0; items.advance(); position++) {
      const fate = this.#readOne(items, candidate, deduplicates, nowMs, lesson);
      this.fates[position] = fate;
      if (fate === fates.candidate) candidate += 1;
    }
    candidates.count = candidate;
  }

  forget(lesson: Lesson): void {
    lesson.repeats.takeBack();
    this.#fingerprints.forget(lesson.fingerprints);
    this.#plans.forget(lesson.plans);
  }

  /** A malformed item fails alone: the others of its batch have nothing to do with it. */
  #readOne(item: T, index: number, deduplicates: boolean, nowMs: number, lesson: Lesson): number {
    try {
      if (this.#traits.isExact(item)) return fates.exact;
      this.#describe(item, index, lesson);
      if (deduplicates && this.#isRepeat(item, index, nowMs, lesson)) return fates.duplicate;
      return fates.candidate;
    } catch {
      return fates.failed;
    }
  }

  #describe(item: T, index: number, lesson: Lesson): void {
    const { candidates } = this;
    const { attributes } = item;
    const told = this.#told;
    const shared = this.#databaseOf(item.resource);
    told.look(attributes);
    const own = told.hash(attributes, topic.database, valueSeed);
    const database = own === none ? shared : own;
    const plan = told.hash(attributes, topic.plan, valueSeed);
    const fingerprint = told.hash(attributes, topic.fingerprint, valueSeed);
    const byThreshold = this.#traits.readTrace(item, candidates, index);
    told.number(attributes, topic.adjusted_count, candidates.multiplicities, index);
    const known = candidates.multiplicities[index] as number;
    if (!(known > 0 && known < 2 ** 53)) candidates.multiplicities[index] = byThreshold;
    told.number(attributes, topic.weight, candidates.weights, index);
    this.#traits.weigh(item, candidates, index);
    candidates.bytes[index] = item.byteSize + markBytes;
    candidates.groups[index] = this.#groupOf(item);
    const statement = fingerprint === none ? none : join(database, fingerprint);
    const named = fingerprint === none ? this.#traits.nameHash(item) : none;
    const shape = fingerprint === none ? (named === none ? none : join(database, named)) : statement;
    candidates.keys[index] = shape === none || plan === none ? shape : join(shape, plan);
    candidates.classes[index] = this.#classOf(item, statement, plan, lesson);
    this.duplicates[index] = 0;
  }

  #databaseOf({ ordinal, attributes }: Resource): number {
    if (ordinal !== this.#resource) {
      this.#told.look(attributes);
      this.#resourceDatabase = this.#told.hash(attributes, topic.database, valueSeed);
      this.#resource = ordinal;
    }
    return this.#resourceDatabase;
  }

  #groupOf(item: T): number {
    let group = 0;
    // The last one, the default, matches all.
    while (this.#rules[group]?.matches(item) === false) group += 1;
    return group;
  }

  /** The number of the first class that the item belongs to. First sights are noted in any case. */
  #classOf(item: T, statement: number, plan: number, lesson: Lesson): number {
    const classes = this.#classes;
    const newStatement =
      classes.has("new_fingerprints") && statement !== none && this.#fingerprints.isNew(statement, lesson.fingerprints);
    const newPlan = classes.has("new_plans") && plan !== none && this.#plans.isNew(join(statement, plan), lesson.plans);
    if (this.#traits.isError(item, this.#told.has(topic.error))) {
      if (classes.has("deadlocks") && isDeadlock(item.attributes)) return classNumber("deadlocks");
      if (classes.has("errors")) return classNumber("errors");
    }
    if (classes.has("blocking") && this.#told.isSet(item.attributes, topic.blocking)) return classNumber("blocking");
    if (newStatement) return classNumber("new_fingerprints");
    if (newPlan) return classNumber("new_plans");
    return ordinary;
  }

  /** Nothing that is always kept, by class or by rule, is suppressed. */
  #isRepeat(item: T, index: number, nowMs: number, { repeats }: Lesson): boolean {
    const { candidates } = this;
    const rule = this.#rules[candidates.groups[index] as number];
    if (candidates.classes[index] !== ordinary || (rule?.name !== undefined && rule.rate === 1)) return false;
    const hash = this.#told.hash(item.attributes, topic.repeat, valueSeed);
    if (hash === none) return false;
    const check = this.#told.hash(item.attributes, topic.repeat, checkSeed);
    const { duplicates } = this;
    return this.#deduplication.suppresses({ hash, check, index, candidates, duplicates, repeats, nowMs });
  }
}

function isDeadlock(attributes: Attributes): boolean {
  for (const code of deadlockCodes) if (attributes.equals(responseStatus, code)) return true;
  return false;
}

/** One hash of two; never `none`. */
function join(a: number, b: number): number {
  const hash = joinHash(a, b);
  return hash === none ? 0 : hash;
}
