import { DbintelError } from "@dbintel/errors";
import type { ProblemBoard, Problems } from "@dbintel/polling";

/** The problems of one server on the board of its receiver: each names the server. */
export class InstanceProblems implements Problems {
  readonly #board: ProblemBoard;
  readonly #endpoint: string;
  readonly #parts = new Set<string>();

  constructor(board: ProblemBoard, endpoint: string) {
    this.#board = board;
    this.#endpoint = endpoint;
  }

  set(part: string, problems: readonly DbintelError[]): void {
    this.#parts.add(part);
    const named = problems.map((problem) => this.#named(problem));
    this.#board.set(`${this.#endpoint} ${part}`, named);
  }

  /** The server is watched no longer: it has no problems. */
  clear(): void {
    for (const part of this.#parts) this.set(part, []);
    this.#parts.clear();
  }

  #named(problem: DbintelError): DbintelError {
    const { message, code, hint, retryable, cause } = problem;
    if (message.includes(this.#endpoint)) return problem;
    return new DbintelError(`${this.#endpoint}: ${message}`, {
      ...{ code, retryable, cause },
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
