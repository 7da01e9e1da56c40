import { isDeepStrictEqual } from "node:util";
import { feedback } from "@dbintel/feedback";
import { Breaker, type BreakerMode, type BreakerRegistry, type BreakerSettings, breakers } from "@dbintel/guard";
import type { Host, SharedKey, Timer } from "@dbintel/pipeline";
import { Announcements } from "./announcements.ts";
import { breakerSettings } from "./breaker-settings.ts";
import type { Circuit, CircuitKind } from "./circuit.ts";
import { CircuitFinder } from "./circuit-finder.ts";
import { CircuitTable } from "./circuit-table.ts";
import type { CircuitBreakerConfig } from "./config.ts";
import { ExporterCircuits } from "./exporter-circuits.ts";
import { CircuitMetrics } from "./metrics.ts";
import { Shares } from "./shares.ts";
import { restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import type { Change } from "./state-change.ts";

/** What becomes of an item, before the mode has its say. */
export type Decision = "passed" | "flood" | "open" | "forced_open";

/** A pipeline that the processor is part of. */
export interface Member {
  /** Sends the changes on, where this is a logs pipeline; answers whether it is one. */
  announce(changes: () => readonly Change[]): boolean;
}

const intervalMs = 1000;
/** A tenth of the time to live: so much later than due a forgotten database's memory is given back at most. */
const sweepsPerTtl = 10;

/**
 * The circuits of one component id: its instances in all pipelines of the collector share them, so that a database has
 * one state whatever it sends. Items are counted as they come and judged once a second.
 */
export class Circuits {
  readonly exporters: ExporterCircuits;
  readonly metrics: CircuitMetrics;
  readonly #config: CircuitBreakerConfig;
  readonly #host: Host;
  readonly #registry: BreakerRegistry;
  readonly #settings: Readonly<Record<CircuitKind, BreakerSettings>>;
  readonly #table: CircuitTable;
  readonly #shares: Shares;
  readonly #holdsToShares: boolean;
  readonly #announcements: Announcements;
  readonly #members = new Set<Member>();
  /** Databases that were seen in this interval, and those with a breaker that needs time to pass. */
  #active: Circuit[] = [];
  readonly #unsettled = new Set<Circuit>();
  #interval = 0;
  #turnedAtMs = 0;
  #sweptAtMs = 0;
  #timer: Timer | undefined;
  #leave: (() => void)[] = [];
  #restored = false;

  constructor(args: { readonly id: string; readonly config: CircuitBreakerConfig; readonly host: Host }) {
    const { config, host } = args;
    this.#config = config;
    this.#host = host;
    this.#registry = host.shared(breakers);
    this.#settings = breakerSettings(config);
    this.#announcements = new Announcements(host);
    this.metrics = new CircuitMetrics(host, args.id);
    this.#table = new CircuitTable({
      max: config.max_databases,
      ttlMs: config.idle_timeout,
      modeOf: (instance, database) => this.#modeOf(instance, database),
      onForget: (circuit) => void this.#unsettled.delete(circuit),
    });
    this.#shares = new Shares({
      itemsPerSecond: config.flood.items_per_second ?? Number.POSITIVE_INFINITY,
      burstMs: config.flood.burst,
      intervalMs,
    });
    this.#holdsToShares = config.flood.enabled && config.flood.items_per_second !== undefined;
    this.exporters = new ExporterCircuits({
      config,
      settings: this.#settings.flood,
      environment: host,
      onChange: (exporter, limit, change) =>
        this.#announce({ kind: "exporter", exporter, ...change, ...this.#stamp(), evidence: { limit } }),
    });
  }

  /** Whether it was made for these settings; after a reload the old ones may still be at work. */
  isFor(config: CircuitBreakerConfig): boolean {
    return isDeepStrictEqual(config, this.#config);
  }

  /** A finder of its own for each pipeline. */
  finder(): CircuitFinder {
    const { instance_attributes: instanceAttributes, database_attributes: databaseAttributes } = this.#config;
    return new CircuitFinder({ table: this.#table, instanceAttributes, databaseAttributes });
  }

  /** To be called before the items of a batch. */
  begin(): void {
    this.#table.at(this.#host.clock.monotonicMs());
  }

  /** Counts an item of the database and decides about it. */
  decide(circuit: Circuit): Decision {
    if (circuit.interval !== this.#interval) this.#enter(circuit);
    circuit.offered++;
    const { mode } = circuit;
    if (mode === "force_closed") return "passed";
    if (mode === "force_open") return "forced_open";
    if (circuit.limited && this.#config.flood.while_open === "drop") return "open";
    if (!this.#holdsToShares && !circuit.limited) return "passed";
    if (this.#shares.take(circuit)) return "passed";
    circuit.excess++;
    return "flood";
  }

  /** Begins to judge with the first member. */
  join(member: Member): void {
    this.#members.add(member);
    if (this.#members.size > 1) return;
    this.#turnedAtMs = this.#host.clock.monotonicMs();
    this.#leave = [
      this.#host.shared(feedback).watchFailures((failure) => this.exporters.failed(failure)),
      this.#registry.watch(({ instance, database, collectorClass, ...change }) =>
        this.#announce({
          kind: "database",
          instance,
          database,
          collectorClass,
          ...change,
          ...this.#stamp(),
          evidence: {},
        }),
      ),
    ];
    this.#schedule();
  }

  /** Hands the member what is still to be announced; rests with the last one. */
  leave(member: Member): void {
    if (!this.#members.delete(member)) return;
    member.announce(() => this.#announcements.take());
    if (this.#members.size > 0) return;
    this.#timer?.cancel();
    for (const leave of this.#leave) leave();
  }

  snapshot(): Uint8Array {
    return takeSnapshot({
      unixMs: this.#unixMs(),
      circuits: this.#unsettled,
      exporters: this.exporters.snapshot(),
    });
  }

  /** Goes on from the first snapshot that is offered; the members have saved the same. False when it is unreadable. */
  restore(snapshot: Uint8Array): boolean {
    if (this.#restored) return true;
    this.#restored = restoreSnapshot({
      snapshot,
      unixMs: this.#unixMs(),
      finder: this.finder(),
      config: this.#config,
      exporters: this.exporters,
      breakerOf: (circuit, kind) => this.#breakerOf(circuit, kind),
    });
    for (const circuit of this.#unsettled) this.#limit(circuit);
    return this.#restored;
  }

  #enter(circuit: Circuit): void {
    this.#shares.enter(circuit, this.#interval - circuit.interval);
    circuit.interval = this.#interval;
    this.#active.push(circuit);
  }

  #schedule(): void {
    this.#timer = this.#host.clock.schedule(intervalMs, () => {
      this.#turn();
      if (this.#members.size > 0) this.#schedule();
    });
  }

  #turn(): void {
    const nowMs = this.#host.clock.monotonicMs();
    this.#table.at(nowMs);
    for (const circuit of this.#active) this.#settle(circuit);
    for (const circuit of this.#unsettled) if (circuit.interval !== this.#interval) this.#settle(circuit);
    this.#shares.turn(nowMs - this.#turnedAtMs, this.#active.length);
    this.#turnedAtMs = nowMs;
    this.#interval++;
    this.#active = [];
    this.exporters.tick();
    if (nowMs - this.#sweptAtMs >= this.#config.idle_timeout / sweepsPerTtl) {
      this.#sweptAtMs = nowMs;
      this.#table.sweep();
    }
    this.metrics.state({ databases: this.#table.size, counts: this.#counts() });
    for (const member of this.#members) if (member.announce(() => this.#announcements.take())) break;
  }

  /** Judges the interval that ends. */
  #settle(circuit: Circuit): void {
    const flooded = circuit.excess > 0;
    if (flooded || circuit.flood !== undefined) {
      const breaker = this.#breakerOf(circuit, "flood");
      const held = breaker.state === "open";
      const admission = breaker.admit();
      if (admission.admitted) {
        // An interval in which nothing was lent says nothing about what comes when it is.
        if (held) admission.release();
        else if (flooded) admission.fail("overload");
        else admission.succeed(0);
      }
    }
    const sick = circuit.failed > 0 || circuit.slow > 0;
    if (sick) circuit.sickInterval = this.#interval;
    if (sick || circuit.health !== undefined) {
      const { judged: made, failed, slow } = circuit;
      this.#breakerOf(circuit, "health").observe({ made, failed, slow });
    }
    this.#limit(circuit);
    this.#forgetCalm(circuit);
    circuit.offered = circuit.excess = circuit.judged = circuit.failed = circuit.slow = 0;
  }

  #limit(circuit: Circuit): void {
    const bySickness = this.#config.health?.limit === true && circuit.health?.state === "open";
    circuit.limited = circuit.flood?.state === "open" || bySickness;
  }

  /** Gives back breakers that have nothing to remember. */
  #forgetCalm(circuit: Circuit): void {
    const sinceMs = (this.#interval - circuit.sickInterval) * intervalMs;
    if (circuit.flood !== undefined && isCalm(circuit.flood)) circuit.flood = undefined;
    if (circuit.health !== undefined && isCalm(circuit.health) && sinceMs > 2 * this.#settings.health.windowMs) {
      circuit.health = undefined;
    }
    if (circuit.flood === undefined && circuit.health === undefined) this.#unsettled.delete(circuit);
  }

  #breakerOf(circuit: Circuit, kind: CircuitKind): Breaker {
    const known = circuit[kind];
    if (known !== undefined) return known;
    const { clock, random } = this.#host;
    const breaker = new Breaker({
      settings: this.#settings[kind],
      random,
      nowMs: () => clock.monotonicMs(),
      onChange: (change) => {
        const { instance, database, offered, excess, judged, failed, slow } = circuit;
        const evidence = kind === "flood" ? { offered, excess } : { judged, failed, slow };
        this.#announce({ kind, instance, database, ...change, ...this.#stamp(), evidence });
        if (kind === "health" && change.to === "open") this.#holdPolls(circuit);
      },
    });
    circuit[kind] = breaker;
    this.#unsettled.add(circuit);
    return breaker;
  }

  #holdPolls({ instance, database, mode }: Circuit): void {
    if (mode !== "auto" || this.#config.health === undefined) return;
    const { hold_polls: whose } = this.#config.health;
    const guarded = this.#registry.database(instance, database);
    if (whose === "database") guarded.trip();
    else if (whose === "instance") guarded.instance.trip();
  }

  #modeOf(instance: string, database: string): BreakerMode {
    const override = this.#config.overrides.find(
      (one) => (one.instance ?? instance) === instance && (one.database ?? database) === database,
    );
    return override?.mode ?? this.#config.mode;
  }

  #announce(change: Change): void {
    this.metrics.changed(change);
    this.#announcements.add(change);
  }

  #stamp() {
    return { unixNano: this.#host.clock.unixNano() };
  }

  #counts() {
    const count = (state: "open" | "half_open") =>
      [...this.#unsettled].filter(({ flood, health }) => flood?.state === state || health?.state === state).length +
      this.exporters.count(state);
    return { open: count("open"), half_open: count("half_open") };
  }

  #unixMs(): number {
    return Number(this.#host.clock.unixNano() / 1_000_000n);
  }
}

function isCalm(breaker: Breaker): boolean {
  return breaker.state === "closed" && breaker.consecutiveFailures === 0 && breaker.snapshot() === undefined;
}

/** The circuits of a collector by component id. */
export const circuits: SharedKey<Map<string, Circuits>> = { name: "circuits", create: () => new Map() };
