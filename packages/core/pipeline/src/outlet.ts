import {
  type ConsumeError,
  PartialError,
  PermanentError,
  RefusedError,
  RetryableError,
  toConsumeError,
} from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import { Calls } from "./calls.ts";
import type { ConsumeContext, Consumer } from "./consumer.ts";
import { Gate } from "./gate.ts";
import type { Inlet } from "./inlet.ts";
import type { Ledger } from "./ledger.ts";

/**
 * The caller's end of an edge: the `next` of a component, with one branch or several.
 *
 * A batch without items goes nowhere. Several branches are called at the same time and all are waited for; the call
 * resolves when every branch has taken the batch. If one rejects, so does the call, as in the OpenTelemetry
 * Collector: a caller that sends again then repeats the batch on the branches that had taken it. An exporter with a
 * queue keeps its branch from rejecting for reasons of its destination.
 *
 * A reload exchanges the branches of a component that stays: a call goes to the old ones or to the new ones as a whole.
 */
export class Outlet implements Consumer {
  readonly #ledger: Ledger;
  #branches: readonly Inlet[];
  /** Those to the present branches. */
  #calls = new Calls();
  /** While it is held. */
  #gate: Gate | undefined;

  constructor(ledger: Ledger, branches: readonly Inlet[]) {
    this.#ledger = ledger;
    this.#branches = branches;
  }

  get branches(): readonly Inlet[] {
    return this.#branches;
  }

  /** Keeps calls waiting from now on; resolves when none is under way. */
  hold(): Promise<void> {
    this.#gate ??= new Gate();
    return this.#calls.idle();
  }

  /** Lets go what waits. */
  release(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  /** Gives back what waits and all that comes, to those who sent it: the component will not work. */
  refuse(): void {
    this.#gate?.refuse();
  }

  /** Sends all that comes from now on to these branches; `idle` of the old ones resolves when they have answered. */
  exchange(branches: readonly Inlet[]): { idle(): Promise<void> } {
    const before = this.#calls;
    this.#branches = branches;
    this.#calls = new Calls();
    this.release();
    return before;
  }

  async consume(batch: Batch, context: ConsumeContext): Promise<void> {
    const { signal, count } = batch;
    if (count === 0) return;
    while (this.#gate !== undefined) await this.#gate.pass(context.signal);
    const calls = this.#calls;
    calls.begin();
    const failure = await this.#call(batch, context);
    calls.end();
    if (failure === undefined || failure.kind === "partial") this.#ledger.sent(signal, count);
    if (failure !== undefined) throw failure;
  }

  async #call(batch: Batch, context: ConsumeContext): Promise<ConsumeError | undefined> {
    const branches = this.#branches;
    const [first] = branches;
    // Nearly always there is one.
    if (first !== undefined && branches.length === 1) return first.consume(batch, context).then(none, toConsumeError);
    const outcomes = await Promise.allSettled(branches.map((branch) => branch.consume(batch, context)));
    const failures = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [toConsumeError(outcome.reason)] : [],
    );
    return combine(failures);
  }
}

const none = () => undefined;

/**
 * One error for several branches: what can succeed later comes before what never can, so that a branch that only
 * needs time does not lose its data to one that refuses for good; a partial error comes last.
 */
function combine(failures: readonly ConsumeError[]): ConsumeError | undefined {
  const [first] = failures;
  if (first === undefined || failures.length === 1) return first;
  const message = failures.map((failure) => failure.message).join("; ");
  const cause = new AggregateError(failures, message);
  const again = failures.filter((failure) => failure.kind === "retryable" || failure.kind === "refused");
  const [worst] = again;
  if (worst !== undefined) {
    const delays = again.flatMap(({ delayMs }) => (delayMs === undefined ? [] : [delayMs]));
    const delayMs = delays.length === 0 ? undefined : Math.max(...delays);
    const init = { code: worst.code, cause, delayMs };
    return worst.kind === "retryable" ? new RetryableError(message, init) : new RefusedError(message, init);
  }
  const permanent = failures.find((failure) => failure.kind === "permanent");
  if (permanent !== undefined) return new PermanentError(message, { code: permanent.code, cause });
  const rejected = failures.map((failure) => (failure.kind === "partial" ? failure.rejected : 0));
  return new PartialError(message, { rejected: Math.max(...rejected), cause });
}
