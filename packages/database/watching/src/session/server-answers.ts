import { classifyError } from "@dbintel/guard";

/** Whether a server answers: statements tell when it does, polls when it did not. */
export class ServerAnswers {
  #count = 0;
  #up: boolean | undefined;

  /** False from a poll that got no session or no answer until the next statement is answered; `undefined` before any. */
  get up(): boolean | undefined {
    return this.#up;
  }

  /** The server has answered a statement. */
  answered(): void {
    this.#count++;
    this.#up = true;
  }

  /** Runs a poll and learns from its failure; what is not asked, because it is held back, says nothing. */
  async learn<T>(poll: () => Promise<T>): Promise<T> {
    const before = this.#count;
    try {
      return await poll();
    } catch (error) {
      const errorClass = classifyError(error);
      const spoke = errorClass === "configuration" || errorClass === "ours";
      if (this.#count === before && !spoke) this.#up = false;
      throw error;
    }
  }
}
