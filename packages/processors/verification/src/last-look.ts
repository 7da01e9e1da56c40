import type { Batch } from "@dbintel/pdata";
import { PayloadCheck } from "@dbintel/pii";
import type { Clock, Logger } from "@dbintel/pipeline";
import { itemsOf } from "./items.ts";
import type { VerificationMetrics } from "./metrics.ts";

/** Where the encoded result is looked at: by the processor, and before an exporter gets what later processors made of it. */
export type LookPlace = "processor" | "exit";

/** What is blocked at the exit is logged at most this often: the metric says how often it was. */
const logIntervalMs = 60_000;

/** The third layer: drops items in whose encoding something is left, whoever has put it there. */
export class LastLook {
  readonly #check: PayloadCheck;
  readonly #metrics: VerificationMetrics;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #isDetecting: boolean;
  /** Encodings that nothing was found in: what nobody has edited since is not looked at again at the exit. */
  readonly #clean = new WeakSet<Uint8Array>();
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor(args: {
    /** What must not leave. */
    readonly entities: ReadonlySet<string>;
    readonly canaries: readonly string[];
    /** Canaries are counted, not blocked. */
    readonly isDetecting: boolean;
    readonly metrics: VerificationMetrics;
    readonly host: { readonly clock: Clock; readonly logger: Logger };
  }) {
    this.#check = new PayloadCheck(args);
    this.#metrics = args.metrics;
    this.#logger = args.host.logger;
    this.#clock = args.host.clock;
    this.#isDetecting = args.isDetecting;
  }

  /** `kept` is asked for the texts that may leave, once something was found. */
  block(batch: Batch, at: LookPlace, kept: () => ReadonlySet<string>): void {
    const payload = batch.encode();
    if (at === "exit" && this.#clean.has(payload)) return;
    let known: ReadonlySet<string> | undefined;
    const found = this.#check.check(batch.signal, payload, (text) => {
      known ??= kept();
      return known.has(text);
    });
    const isCanary = ({ entity }: { readonly entity: string }) => entity === "canary";
    if (at === "processor" && found.some(isCanary)) this.#metrics.canary("outgoing");
    const violations = this.#isDetecting ? found.filter((violation) => !isCanary(violation)) : found;
    if (violations.length === 0) {
      this.#clean.add(payload);
      return;
    }
    for (const { entity } of violations) this.#metrics.violation(entity, at);
    const before = batch.count;
    const item = itemsOf(batch);
    for (let number = 0; item.advance(); number++) {
      if (violations.some(({ first, end }) => number >= first && number < end)) item.drop("verification");
    }
    if (at === "exit") this.#tell(new Set(violations.map(({ entity }) => entity)), before - batch.count);
  }

  /** It is for people to mend: a processor behind this one adds what must not leave. */
  #tell(entities: ReadonlySet<string>, items: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#loggedMs < logIntervalMs) return;
    this.#loggedMs = nowMs;
    this.#logger.error(
      { entities: [...entities], items },
      "a processor behind this one has added what must not leave; the items were dropped. Let this one be the last",
    );
  }
}
