/** Counts the calls that are under way, and tells when the last of them has ended. */
export class Calls {
  #underWay = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  begin(): void {
    this.#underWay += 1;
  }

  end(): void {
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** Resolves when no call is under way. */
  idle(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }
}
