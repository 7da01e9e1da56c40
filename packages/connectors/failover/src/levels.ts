import { type ConsumeError, PermanentError, RetryableError, toConsumeError } from "@dbintel/errors";
import type { Batch, Signal } from "@dbintel/pdata";
import type { ConsumeContext, Consumer, Host } from "@dbintel/pipeline";

interface Level {
  /** Its pipelines, for people. */
  readonly name: string;
  readonly next: Consumer;
}

/** A level and what became of it. */
interface Tried extends Level {
  /** Passed over until then; absent while it works. */
  retryAtMs?: number | undefined;
}

export interface LevelsOptions {
  readonly host: Host;
  readonly signal: Signal;
  /** The best first. */
  readonly levels: readonly Level[];
  readonly retryIntervalMs: number;
}

/**
 * The levels of one signal. A batch goes to the best level that is not passed over, and on to the next when that
 * rejects it. A level that rejected is passed over for the retry interval; then one batch tries it, while the others
 * keep to the level that works. While every level is passed over each batch tries all of them, best first.
 */
export class Levels implements Consumer {
  readonly #options: LevelsOptions;
  readonly #levels: readonly Tried[];
  #active = 0;

  constructor(options: LevelsOptions) {
    this.#options = options;
    this.#levels = options.levels.map((level) => ({ ...level }));
    const { host, signal } = options;
    host.meter
      .createObservableGauge("dbintel_connector_failover_level", {
        description: "Level that took the last batch: 0 is the best",
        unit: "1",
      })
      .addCallback((result) => result.observe(this.#active, { data_type: signal }));
  }

  async consume(batch: Batch, context: ConsumeContext): Promise<void> {
    const failures: ConsumeError[] = [];
    for (const level of this.#candidates()) {
      try {
        // Only this batch tries a level that failed; it is passed over by the others until the answer is there.
        if (level.retryAtMs !== undefined) this.#passOver(level);
        await level.next.consume(batch, context);
        this.#took(level);
        return;
      } catch (reason) {
        const failure = toConsumeError(reason);
        // What was taken in part may be sent to nobody again.
        if (failure.kind === "partial") {
          this.#took(level);
          throw failure;
        }
        // The caller has left: that says nothing about the level, and the next would not be waited for either.
        if (context.signal.aborted) throw failure;
        if (!judgesData(failure)) this.#failed(level, failure);
        failures.push(failure);
      }
    }
    throw combined(failures);
  }

  #candidates(): readonly Tried[] {
    const nowMs = this.#options.host.clock.monotonicMs();
    const open = this.#levels.filter(({ retryAtMs = 0 }) => retryAtMs <= nowMs);
    const passedOver = this.#levels.filter((level) => !open.includes(level));
    return open.length > 0 ? [...open, ...passedOver] : passedOver;
  }

  #took(level: Tried): void {
    level.retryAtMs = undefined;
    const { host, signal } = this.#options;
    const at = this.#levels.indexOf(level);
    if (at === this.#active) return;
    const better = at < this.#active;
    this.#active = at;
    const fields = { signal, level: at, pipelines: level.name };
    if (better) host.logger.info(fields, `back to ${level.name}`);
    else host.logger.warn(fields, `${signal} go to ${level.name} now`);
  }

  #failed(level: Tried, failure: ConsumeError): void {
    const { host, signal } = this.#options;
    if (level.retryAtMs === undefined) {
      host.logger.warn({ signal, pipelines: level.name, error: failure }, `${level.name} does not take ${signal}`);
    }
    this.#passOver(level);
  }

  #passOver(level: Tried): void {
    level.retryAtMs = this.#options.host.clock.monotonicMs() + this.#options.retryIntervalMs;
  }
}

/** HTTP statuses of a destination that takes nothing from us, whatever the data is. */
const closedDoors = new Set([401, 403, 404]);

/** A batch that a level finds wrong goes to the next, but says nothing about how the level is. */
function judgesData(failure: ConsumeError): boolean {
  return failure.kind === "permanent" && !closedDoors.has(failure.httpStatus ?? 0);
}

/** One error for all levels: while one of them can take the batch later, it is worth sending again. */
function combined(failures: readonly ConsumeError[]): ConsumeError {
  const again = failures.flatMap((failure) =>
    failure.kind === "retryable" || failure.kind === "refused" ? [failure] : [],
  );
  const cause = new AggregateError(failures);
  const message = failures.map((failure) => failure.message).join("; ");
  const [first] = again;
  if (first === undefined) return new PermanentError(message, { code: failures[0]?.code ?? "DBI_REJECTED", cause });
  const delays = again.flatMap(({ delayMs }) => (delayMs === undefined ? [] : [delayMs]));
  const delayMs = delays.length === 0 ? undefined : Math.min(...delays);
  return new RetryableError(message, { code: first.code, cause, delayMs });
}
