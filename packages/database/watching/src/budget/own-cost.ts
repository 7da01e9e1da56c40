import { logsBuilder } from "@dbintel/pdata";
import { type Consumers, type Host, OwnEvents } from "@dbintel/pipeline";
import { type BudgetStep, CostBudget } from "@dbintel/polling";
import { parseEndpoint } from "../configuration/endpoint.ts";
import type { StatementCosts } from "../session/statement-costs.ts";

export interface OwnCostOptions {
  readonly host: Host;
  readonly next: Consumers;
  /** Of the server that the statements are asked. */
  readonly endpoint: string;
  readonly costs: StatementCosts;
  readonly mostShare: number;
  /** Polls that are never slowed down. */
  readonly exempt: readonly string[];
}

/** How long a step is not said again. */
const quietMs = 3_600_000;
const infoSeverity = 9;
const warnSeverity = 13;
const scopeName = "@dbintel/watching";

/** Measures what the collector's own statements cost a server, and makes polls rarer while it is more than allowed. */
export class OwnCost {
  readonly #options: OwnCostOptions;
  readonly #budget: CostBudget;
  readonly #events: OwnEvents | undefined;
  readonly #time;
  readonly #share;
  readonly #factor;
  /** When each step was last written into the log. */
  readonly #toldMs = new Map<string, number>();

  constructor(options: OwnCostOptions) {
    const { host, next, costs, mostShare, exempt } = options;
    this.#options = options;
    this.#budget = new CostBudget({ clock: host.clock, mostShare, exempt, onStep: (step) => this.#tell(step) });
    this.#events = next.logs === undefined ? undefined : new OwnEvents({ host, next: next.logs });
    this.#time = host.meter.createCounter("dbintel_database_own_time", {
      description:
        "Time that the collector's own statements took in a database, by the poll that asked and their class",
      unit: "s",
    });
    this.#share = host.meter.createGauge("dbintel_database_own_share", {
      description: "Share of one core's time that the collector's own statements take: time of a poll by its interval",
      unit: "1",
    });
    this.#factor = host.meter.createGauge("dbintel_database_interval_factor", {
      description: "How many times longer the interval of a poll is for the sake of the budget",
      unit: "1",
    });
    costs.listen(({ poll = "none", collectorClass = "none", milliseconds }) => {
      this.#time.add(milliseconds / 1000, { instance: options.endpoint, poll, class: collectorClass });
      this.#budget.spent(poll, milliseconds);
    });
  }

  add(poll: string, intervalMs: number): void {
    this.#budget.add(poll, intervalMs);
    this.#record(poll);
  }

  /** A poll has ended. */
  polled(poll: string): void {
    this.#budget.polled(poll);
    this.#record(poll);
  }

  /** ≥ 1: how many times longer the interval of a poll is for now. */
  factor(poll: string): number {
    return this.#budget.factor(poll);
  }

  /** Waits for events on their way, until `signal` is aborted. */
  async finish(signal: AbortSignal): Promise<void> {
    await this.#events?.finish(signal);
  }

  #record(poll: string): void {
    const attributes = { instance: this.#options.endpoint, poll };
    this.#share.record(this.#budget.share(poll), attributes);
    this.#factor.record(this.#budget.factor(poll), attributes);
  }

  /** Near the budget an interval goes up and down for days: in the log each level stands once an hour, all of it in events. */
  #level({ poll, to, slower }: { readonly poll: string; readonly to: number; readonly slower: boolean }) {
    if (!slower && to > 1) return "debug";
    const step = `${poll} ${to}`;
    const nowMs = this.#options.host.clock.monotonicMs();
    const before = this.#toldMs.get(step);
    if (before !== undefined && nowMs - before < quietMs) return "debug";
    this.#toldMs.set(step, nowMs);
    return slower ? "warn" : "info";
  }

  #tell({ poll, from, to, share, total }: BudgetStep): void {
    const { host, endpoint, mostShare } = this.#options;
    const slower = to > from;
    const message = slower
      ? `${poll} of ${endpoint} are polled ${to} times as rarely: the collector takes more of the database's time than its budget`
      : `${poll} of ${endpoint} are polled more often again, ${to === 1 ? "as configured" : `${to} times as rarely`}`;
    host.logger[this.#level({ poll, to, slower })](
      { instance: endpoint, poll, from, to, share: percent(share), total: percent(total), budget: percent(mostShare) },
      message,
    );
    const { host: address, port } = parseEndpoint(endpoint);
    const nowUnixNano = host.clock.unixNano();
    const event = logsBuilder()
      .resource({
        attributes: { "service.instance.id": endpoint, "server.address": address, "server.port": BigInt(port) },
      })
      .scope({ name: scopeName, version: host.build.version })
      .record({
        timeUnixNano: nowUnixNano,
        observedTimeUnixNano: nowUnixNano,
        severityNumber: slower ? warnSeverity : infoSeverity,
        severityText: slower ? "WARN" : "INFO",
        eventName: "dbintel.database.budget_step",
        body: message,
        attributes: {
          "dbintel.poll": poll,
          "dbintel.interval_factor": to,
          "dbintel.database.own_share": total,
          "dbintel.database.budget": mostShare,
        },
      })
      .build();
    void this.#events?.send(event);
  }
}

/** A share of one core as the setting is written: "0.54%". */
function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))}%`;
}
