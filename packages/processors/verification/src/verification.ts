import type { Batch, BatchOf, Signal } from "@dbintel/pdata";
import {
  cardIntegerSign,
  customDetector,
  detectorsAt,
  Scanner,
  sensitiveKeySign,
  sensitivityLevels,
} from "@dbintel/pii";
import type { Component, ConsumeContext, Consumer, ExitGuard, Host } from "@dbintel/pipeline";
import type { VerificationConfig } from "./config.ts";
import { HashKey } from "./hash-key.ts";
import { LastLook } from "./last-look.ts";
import { VerificationMetrics } from "./metrics.ts";
import { Policy } from "./policy.ts";
import { QualityTap } from "./quality/quality-tap.ts";
import { Replacements } from "./replacement.ts";
import { SensitiveNames, signOfName } from "./sensitive-names.ts";
import { Structure } from "./structure.ts";
import { TextRedactor } from "./text-redactor.ts";

/**
 * Keeps personal data and secrets from leaving, in three steps that do not rely on each other: statements lose their
 * constants by their structure; what is left is scanned, and what was found replaced; the encoded result is looked at
 * once more in another way, and again before an exporter gets what later processors made of it. All of it happens before
 * the batch goes on. Holds nothing.
 */
export class Verification<S extends Signal> implements Component, Consumer<S>, ExitGuard {
  readonly #next: Consumer<S>;
  readonly #structure: Structure | undefined;
  readonly #scanner: Scanner;
  readonly #names: SensitiveNames;
  readonly #policy: Policy;
  readonly #key: HashKey | undefined;
  readonly #replacements: Replacements;
  readonly #metrics: VerificationMetrics;
  readonly #lastLook: LastLook | undefined;
  readonly #canaries: readonly string[];
  readonly #quality: QualityTap | undefined;
  #running = false;

  constructor(args: {
    readonly id: string;
    readonly config: VerificationConfig;
    readonly host: Host;
    readonly signal: Signal;
    readonly next: Consumer<S>;
  }) {
    const { config } = args;
    const detectors = [
      ...detectorsAt(config.sensitivity_level),
      ...config.custom_patterns.filter(({ level }) => actsAt(level, config)).map(customDetector),
    ];
    this.#next = args.next;
    this.#metrics = new VerificationMetrics(args.host, args.id);
    const isDetecting = config.mode === "detect";
    this.#structure = isDetecting ? undefined : new Structure(config, this.#metrics);
    this.#scanner = new Scanner(detectors, [
      sensitiveKeySign,
      cardIntegerSign,
      ...(this.#structure?.signs(args.signal) ?? []),
      ...config.sensitive_keys.map(signOfName),
    ]);
    this.#names = new SensitiveNames(config.sensitive_keys);
    this.#policy = new Policy(config);
    this.#key = config.hash === undefined ? undefined : new HashKey(config.hash, args.host);
    this.#replacements = new Replacements(this.#key);
    this.#canaries = config.canaries.map((canary) => canary.reveal());
    const forbidden = detectors.map(({ entity }) => entity).filter((entity) => this.#policy.forbids(entity));
    if (config.verify_payload) {
      this.#lastLook = new LastLook({
        entities: new Set(forbidden),
        canaries: this.#canaries,
        isDetecting,
        metrics: this.#metrics,
        host: args.host,
      });
    }
    const { quality } = config;
    this.#quality = quality === undefined ? undefined : new QualityTap({ ...args, config: quality });
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#running) return;
    await this.#key?.start();
    this.#running = true;
    this.#quality?.start();
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.#key?.stop();
    await this.#quality?.stop(signal);
  }

  async consume(batch: BatchOf[S], context: ConsumeContext): Promise<void> {
    this.#verify(batch);
    if (batch.count === 0) return;
    this.#quality?.observe(batch);
    await this.#next.consume(batch, context);
  }

  /** What later processors have added is looked at before an exporter gets it. */
  guardExit(batch: Batch): void {
    this.#lastLook?.block(batch, "exit", () => {
      const redactor = this.#redactor({ isCounted: false });
      batch.fork().editTexts(redactor);
      return redactor.kept;
    });
  }

  #verify(batch: Batch): void {
    if (this.#canaries.length > 0) this.#countCanaries(batch);
    this.#structure?.makeSafe(batch);
    const redactor = this.#redactor({ isCounted: true });
    // An edited batch is not encoded for a first look: each of its messages is looked at below.
    if (batch.edited || this.#scanner.mayHold(batch.encode())) batch.editTexts(redactor);
    this.#lastLook?.block(batch, "processor", () => redactor.kept);
  }

  #redactor({ isCounted }: { readonly isCounted: boolean }): TextRedactor {
    return new TextRedactor({
      scanner: this.#scanner,
      names: this.#names,
      policy: this.#policy,
      replacements: this.#replacements,
      found: (entity, action, scope) => {
        if (isCounted) this.#metrics.finding(entity, action, scope);
      },
      structure: this.#structure,
    });
  }

  #countCanaries(batch: Batch): void {
    const encoded = batch.encode();
    const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length);
    if (this.#canaries.some((canary) => bytes.includes(canary))) this.#metrics.canary("incoming");
  }
}

/** Whether a pattern of level `level` acts at the configured one. */
function actsAt(level: VerificationConfig["sensitivity_level"], config: VerificationConfig): boolean {
  return sensitivityLevels.indexOf(level) <= sensitivityLevels.indexOf(config.sensitivity_level);
}
