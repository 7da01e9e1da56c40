import { type Candidates, none, ordinary } from "./candidates.ts";

/** Columns that only a decision needs; by place in `order`, but for `slots`. */
export class Scratch {
  readonly capacity: number;
  readonly order: Int32Array;
  readonly sizes: Float64Array;
  readonly caps: Float64Array;
  readonly probabilities: Float64Array;
  /** By position of the candidate: the key's slot. */
  readonly slots: Int32Array;
  /** Where in `order` each group's records begin, where those of traces among them, and where the last one ends. */
  starts = new Int32Array(0);

  constructor(capacity: number) {
    this.capacity = capacity;
    this.order = new Int32Array(capacity);
    this.sizes = new Float64Array(capacity);
    this.caps = new Float64Array(capacity);
    this.probabilities = new Float64Array(capacity);
    this.slots = new Int32Array(capacity);
  }

  /** Writes the ordinary candidates into `order` by group, and in each group those of traces behind the others. */
  arrange(candidates: Candidates, groupCount: number): void {
    const { groups, guarantees, randomness } = candidates;
    const count = 2 * groupCount;
    if (this.starts.length !== count + 1) this.starts = new Int32Array(count + 1);
    const { order, starts } = this;
    starts.fill(0);
    for (let index = 0; index < candidates.count; index++) {
      if (guarantees[index] !== ordinary) continue;
      const part = 2 * (groups[index] as number) + (randomness[index] === none ? 0 : 1);
      starts[part + 1] = (starts[part + 1] as number) + 1;
    }
    for (let part = 0; part < count; part++) {
      starts[part + 1] = (starts[part + 1] as number) + (starts[part] as number);
    }
    // Filling moves each start to where its part ends, which is where the next one begins.
    for (let index = 0; index < candidates.count; index++) {
      if (guarantees[index] !== ordinary) continue;
      const part = 2 * (groups[index] as number) + (randomness[index] === none ? 0 : 1);
      const place = starts[part] as number;
      order[place] = index;
      starts[part] = place + 1;
    }
    starts.copyWithin(1, 0, count);
    starts[0] = 0;
  }
}
