/**
 * Keeps each record with exactly its probability, and of any stretch of records as many as its probabilities add up
 * to, give or take one: ordered pivotal sampling (Deville, Tillé, Biometrika 85(1), 1998; Chauvet, Bernoulli 18(4),
 * 2012).
 *
 * The probabilities are laid on a line one after the other. Each unit of the line has one winner, at a random place;
 * the record that lies over a border can win on either side of it, and the draw in the second unit is conditional on
 * the first so that it does not win twice. Unlike systematic sampling, whose one random start fixes all, a stream
 * with a period cannot fall into step with it. One random number for each record kept.
 *
 * Probabilities must not depend on what was drawn.
 */
export class PivotalDraw {
  readonly #random: () => number;
  /** Where the next record begins in the present unit, in [0, 1). */
  #position = 0;
  /** Where in the present unit its winner is; NaN when it is not drawn yet, -1 when there is none any more. */
  #winner = Number.NaN;

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether to keep the next record, whose probability is in [0, 1]. */
  keep(probability: number): boolean {
    if (probability >= 1) return true;
    if (Number.isNaN(this.#winner)) this.#winner = this.#random();
    const end = this.#position + probability;
    const won = this.#winner >= this.#position && this.#winner < end;
    if (end < 1) {
      this.#position = end;
      return won;
    }
    const before = 1 - this.#position;
    const after = probability - before;
    this.#position = after;
    if (!won) {
      if (this.#random() < after / (1 - before)) {
        this.#winner = -1;
        return true;
      }
    }
    this.#winner = after + (1 - after) * this.#random();
    return won;
  }
}
