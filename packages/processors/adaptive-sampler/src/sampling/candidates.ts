/** Records for which memory is kept between batches; what a larger batch took is given back after it. */
const keptCapacity = 16_384;

/** Why a record was kept, or was not. */
export const verdicts = [
  "kept",
  "sampled_out",
  "over_rule_limit",
  "over_record_limit",
  "over_byte_limit",
  "byte_limit_hit",
] as const;
export type Verdict = (typeof verdicts)[number];

/** Which guarantee a record was kept by. */
export const ordinary = 0;
export const minimum = 255;

/** No key, no randomness of its own. */
export const none = -1;

/** What is known of each record of a batch, for a simulation; by position. */
export interface CandidateValues {
  /** Duration, I/O or whatever sums shall be precise in; NaN where unknown. Its length is that of the batch. */
  readonly weights: ArrayLike<number>;
  /** 32-bit hashes; `none` for a record without a key. Default: no keys. */
  readonly keys?: ArrayLike<number>;
  /** Numbers of groups of `SamplerOptions`. Default: group 0. */
  readonly groups?: ArrayLike<number>;
  /** Numbers of keep-always classes, from 1; `ordinary` for none. Default: none. */
  readonly classes?: ArrayLike<number>;
  /** Encoded sizes. Default: 0. */
  readonly bytes?: ArrayLike<number>;
  /** How many records each one stands for already. Default: 1. */
  readonly multiplicities?: ArrayLike<number>;
  /** The top 48 of the 56 random bits of a trace, or `none`. Default: none. */
  readonly randomness?: ArrayLike<number>;
  /** The top 48 bits of the threshold that the trace has passed already. Default: 0. */
  readonly thresholds?: ArrayLike<number>;
}

/** The records of one batch in columns, with what was decided about them. One object serves one batch after another. */
export class Candidates {
  count = 0;
  weights = new Float64Array(0);
  keys = new Int32Array(0);
  groups = new Uint16Array(0);
  classes = new Uint8Array(0);
  bytes = new Float64Array(0);
  multiplicities = new Float64Array(0);
  randomness = new Float64Array(0);
  /** In: what a trace has passed. Out: what it has passed now. */
  thresholds = new Float64Array(0);

  /** Decided: the probability of being kept; that of each kept record is above 0. */
  probabilities = new Float64Array(0);
  /** Decided: positions in `verdicts`; 0 is kept. */
  verdicts = new Uint8Array(0);
  /** Decided: the number of the keep-always class whose budget kept the record, `minimum`, or `ordinary`. */
  guarantees = new Uint8Array(0);

  /** Makes room for a batch of so many records, all of whose values are to be set. */
  reset(count: number): void {
    this.count = count;
    const capacity = this.weights.length;
    if (count <= capacity && capacity <= Math.max(keptCapacity, 4 * count)) return;
    const size = Math.max(64, count);
    this.weights = new Float64Array(size);
    this.keys = new Int32Array(size);
    this.groups = new Uint16Array(size);
    this.classes = new Uint8Array(size);
    this.bytes = new Float64Array(size);
    this.multiplicities = new Float64Array(size);
    this.randomness = new Float64Array(size);
    this.thresholds = new Float64Array(size);
    this.probabilities = new Float64Array(size);
    this.verdicts = new Uint8Array(size);
    this.guarantees = new Uint8Array(size);
  }

  /** A batch from plain arrays. */
  static of(values: CandidateValues): Candidates {
    const candidates = new Candidates();
    const count = values.weights.length;
    candidates.reset(count);
    for (let index = 0; index < count; index++) {
      candidates.weights[index] = values.weights[index] as number;
      candidates.keys[index] = values.keys?.[index] ?? none;
      candidates.groups[index] = values.groups?.[index] ?? 0;
      candidates.classes[index] = values.classes?.[index] ?? ordinary;
      candidates.bytes[index] = values.bytes?.[index] ?? 0;
      candidates.multiplicities[index] = values.multiplicities?.[index] ?? 1;
      candidates.randomness[index] = values.randomness?.[index] ?? none;
      candidates.thresholds[index] = values.thresholds?.[index] ?? 0;
    }
    return candidates;
  }

  isKept(index: number): boolean {
    return this.verdicts[index] === 0;
  }

  /** How many records a kept one stands for: an unbiased estimate, whatever else was kept. */
  adjustedCount(index: number): number {
    return (this.multiplicities[index] as number) / (this.probabilities[index] as number);
  }
}
