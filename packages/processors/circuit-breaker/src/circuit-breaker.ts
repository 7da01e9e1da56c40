import type { Batch, Item, Signal } from "@dbintel/pdata";
import { type Component, type ConsumeContext, type Consumer, type Host, OwnEvents, Snapshot } from "@dbintel/pipeline";
import type { CircuitFinder } from "./circuit-finder.ts";
import { Circuits, circuits, type Decision, type Member } from "./circuits.ts";
import type { CircuitBreakerConfig } from "./config.ts";
import type { Tally } from "./metrics.ts";
import { Passage } from "./passage.ts";
import { type Signs, signsOf } from "./signs.ts";
import { type Change, stateChangeEvent } from "./state-change.ts";

const dropReasons: Readonly<Record<Exclude<Decision, "passed">, string>> = {
  flood: "circuit_flood",
  open: "circuit_open",
  forced_open: "circuit_forced_open",
};

/**
 * Decides about each item by the state of its database and about each batch by the state of its exporters' accounts,
 * and passes on what is left. Holds no items; its state is that of all instances of its id.
 */
export class CircuitBreaker implements Component, Consumer {
  readonly #id: string;
  readonly #config: CircuitBreakerConfig;
  readonly #host: Host;
  readonly #signal: Signal;
  readonly #circuits: Circuits;
  readonly #finder: CircuitFinder;
  readonly #passage: Passage;
  readonly #signs: Signs | undefined;
  readonly #member: Member = { announce: (changes) => this.#announce(changes) };
  readonly #events: OwnEvents;
  readonly #snapshot: Snapshot;
  #running = false;

  constructor(args: {
    readonly id: string;
    readonly config: CircuitBreakerConfig;
    readonly host: Host;
    readonly signal: Signal;
    readonly next: Consumer;
  }) {
    const { id, config, host } = args;
    this.#id = id;
    this.#config = config;
    this.#host = host;
    this.#signal = args.signal;
    const all = host.shared(circuits);
    const known = all.get(id);
    const shared = known?.isFor(config) === true ? known : new Circuits({ id, config, host });
    all.set(id, shared);
    this.#circuits = shared;
    this.#finder = shared.finder();
    this.#passage = new Passage({ config, host, next: args.next });
    this.#signs = signsOf(config.health, args.signal);
    this.#events = new OwnEvents<"logs">({ host, next: args.next });
    this.#snapshot = new Snapshot({
      host,
      name: "circuits",
      loss: "all breakers begin closed",
      take: () => shared.snapshot(),
      restore: (snapshot) => shared.restore(snapshot),
    });
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    await this.#snapshot.load();
    this.#circuits.join(this.#member);
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#circuits.leave(this.#member);
    await this.#events.finish(signal);
    await this.#snapshot.save();
  }

  async consume(batch: Batch, context: ConsumeContext): Promise<void> {
    if (this.#passage.full) {
      this.#circuits.metrics.refused("busy");
      throw this.#passage.refusal();
    }
    const passage = this.#circuits.exporters.admit(this.#signal);
    if (!passage.pass) {
      this.#circuits.metrics.refused(`exporter_${passage.kind}`);
      if (passage.refusal !== undefined) throw passage.refusal;
      dropAll(batch, `exporter_${passage.kind}`);
      return;
    }
    this.#judge(batch);
    if (batch.count === 0) {
      for (const permit of passage.permits) permit.release();
      return;
    }
    try {
      await this.#passage.send(batch, context);
      for (const permit of passage.permits) permit.succeed(0);
    } catch (error) {
      // Whether it was the account's fault is what the exporter's own failures tell.
      for (const permit of passage.permits) permit.release();
      throw error;
    }
  }

  #judge(batch: Batch): void {
    const tally: Tally = { passed: 0, unnamed: 0, flood: 0, open: 0, forced_open: 0, judgement_failed: 0 };
    this.#circuits.begin();
    this.#finder.begin();
    const items = itemsOf(batch);
    while (items.advance()) this.#decide(items, tally);
    this.#circuits.metrics.decided(tally, this.#config.mode);
  }

  #decide(item: Item, tally: Tally): void {
    try {
      const circuit = this.#finder.find(item);
      if (circuit === undefined) {
        tally.unnamed++;
        return;
      }
      const decision = this.#circuits.decide(circuit);
      if (this.#signs !== undefined) {
        circuit.judged++;
        if (this.#signs.failed(item)) circuit.failed++;
        if (this.#signs.slow(item)) circuit.slow++;
      }
      tally[decision]++;
      if (decision !== "passed" && circuit.mode !== "metrics_only") item.drop(dropReasons[decision]);
    } catch {
      // A malformed item: the others of its batch have nothing to do with it.
      tally.judgement_failed++;
      if (this.#config.on_error === "drop") item.drop("judgement_failed");
    }
  }

  #announce(changes: () => readonly Change[]): boolean {
    if (this.#signal !== "logs") return false;
    for (const change of changes()) {
      void this.#events.send(stateChangeEvent({ id: this.#id, change, build: this.#host.build }));
    }
    return true;
  }
}

function itemsOf(batch: Batch) {
  if (batch.signal === "logs") return batch.records();
  return batch.signal === "traces" ? batch.spans() : batch.points();
}

function dropAll(batch: Batch, reason: string): void {
  const items = itemsOf(batch);
  while (items.advance()) items.drop(reason);
}
