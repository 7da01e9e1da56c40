const precision = 14;
const registers = 2 ** precision;
/** Below this many values they are kept themselves: exact, and smaller than the registers. */
const exactLimit = 512;

/**
 * Counts different values by 32-bit hashes of them, in bounded memory: exactly up to 512, then HyperLogLog with 2^14
 * registers of one byte and a standard error of 1.04/√2^14 = 0.8 % (Flajolet, Fusy, Gandouet, Meunier 2007), with
 * their linear counting for the small range. Values whose hashes are equal count as one: 0.1 % of 10^7, which is why
 * their correction for the large range is left out.
 */
export class Sketch {
  #exact: Set<number> | undefined = new Set();
  #registers: Uint8Array | undefined;
  /** Σ 2^-register and the empty registers, kept up to date: the estimate is asked for more often than it changes. */
  #sum = registers;
  #empty = registers;

  add(hash: number): void {
    const exact = this.#exact;
    if (exact === undefined) {
      this.#register(hash);
      return;
    }
    exact.add(hash);
    if (exact.size <= exactLimit) return;
    this.#exact = undefined;
    this.#registers = new Uint8Array(registers);
    for (const value of exact) this.#register(value);
  }

  get estimate(): number {
    if (this.#exact !== undefined) return this.#exact.size;
    const raw = ((0.7213 / (1 + 1.079 / registers)) * registers * registers) / this.#sum;
    return raw <= 2.5 * registers && this.#empty > 0 ? registers * Math.log(registers / this.#empty) : raw;
  }

  /** The low 14 bits choose the register; the rank is that of the first one among the 18 bits above. */
  #register(hash: number): void {
    const all = this.#registers;
    if (all === undefined) return;
    const index = hash & (registers - 1);
    const rank = Math.clz32(hash >>> precision) - precision + 1;
    const before = all[index] ?? 0;
    if (rank <= before) return;
    all[index] = rank;
    if (before === 0) this.#empty--;
    this.#sum += 2 ** -rank - 2 ** -before;
  }
}
