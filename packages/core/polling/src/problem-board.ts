import type { DbintelError } from "@dbintel/errors";
import type { ComponentStatus, Host } from "@dbintel/pipeline";

/** Where the parts of a component tell their problems. */
export interface Problems {
  /** Replaces what is known about `part`; an empty list means that it works. */
  set(part: string, problems: readonly DbintelError[]): void;
}

/**
 * What is wrong with one component, kept by its parts (its pollers).
 *
 * The component's status is the worst of all parts. A problem is logged once when it appears and once when no part
 * has it any more, not at each poll in between: two problems are the same when code and message are.
 */
export class ProblemBoard implements Problems {
  readonly #host: Pick<Host, "logger" | "reportStatus">;
  readonly #parts = new Map<string, readonly DbintelError[]>();
  #known = new Map<string, DbintelError>();

  constructor(host: Pick<Host, "logger" | "reportStatus">) {
    this.#host = host;
  }

  set(part: string, problems: readonly DbintelError[]): void {
    if (problems.length === 0) this.#parts.delete(part);
    else this.#parts.set(part, problems);
    const present = new Map([...this.#parts.values()].flat().map((problem) => [identity(problem), problem]));
    for (const [id, problem] of present) {
      if (!this.#known.has(id)) this.#logAppeared(problem);
    }
    for (const [id, { code, message }] of this.#known) {
      if (!present.has(id)) this.#host.logger.info({ code }, `resolved: ${message}`);
    }
    this.#known = present;
    this.#host.reportStatus(status([...present.values()]));
  }

  #logAppeared(problem: DbintelError): void {
    const { code, hint, message, retryable } = problem;
    // A defect needs its stack; what the outside does wrong is said in full by message and hint.
    const fields = { code, hint, ...(code === "DBI_INTERNAL" ? { error: problem } : {}) };
    if (retryable) this.#host.logger.warn(fields, message);
    else this.#host.logger.error(fields, message);
  }
}

function status(problems: readonly DbintelError[]): ComponentStatus {
  const worst = problems.find((problem) => !problem.retryable) ?? problems[0];
  if (worst === undefined) return { state: "ok" };
  return {
    state: worst.retryable ? "recoverable_error" : "permanent_error",
    message: problems.length === 1 ? worst.message : `${worst.message} (and ${problems.length - 1} more)`,
    hint: worst.hint,
  };
}

function identity({ code, message }: DbintelError): string {
  return `${code} ${message}`;
}
