import type { WaitFinding } from "@dbintel/waits";
import type { Correlation } from "../correlation.ts";
import { findingAttributes } from "../findings.ts";
import type { CorrelatorMetrics } from "../metrics.ts";
import type { ServerEvent, Told } from "../server-events.ts";
import { Blocking } from "./blocking.ts";
import type { Sample } from "./sample.ts";
import type { SeenSession } from "./session-memory.ts";
import { databaseKey } from "./waits.ts";

/** The samples of one batch: what each server's sessions did at that moment, and who waits for whom. */
export class SampleGroups {
  readonly #correlation: Correlation;
  readonly #metrics: CorrelatorMetrics;
  readonly #sessions = new Map<ServerEvent, SeenSession>();
  readonly #blocking = new Map<string, Blocking>();
  /** The first sample of each server, which is told what is wrong with the server as a whole. */
  readonly #bearers: ReadonlySet<ServerEvent>;
  /** By database. */
  readonly #findings = new Map<string, readonly WaitFinding[]>();

  constructor(correlation: Correlation, metrics: CorrelatorMetrics, events: readonly ServerEvent[]) {
    this.#correlation = correlation;
    this.#metrics = metrics;
    const byServer = new Map<string, Sample[]>();
    const bearers = new Map<string, ServerEvent>();
    for (const event of events) {
      const { at, sample } = event;
      if (sample === undefined) continue;
      this.#sessions.set(event, this.#see(event, sample));
      const samples = byServer.get(at.server) ?? [];
      byServer.set(at.server, samples);
      samples.push(sample);
      if (!bearers.has(at.server)) bearers.set(at.server, event);
    }
    this.#bearers = new Set(bearers.values());
    for (const [server, samples] of byServer) {
      this.#blocking.set(server, new Blocking(server, samples, correlation.sessions));
    }
  }

  /** What the record of a sample is told; nothing for other records. */
  tell(event: ServerEvent): Told {
    const { sample } = event;
    const session = this.#sessions.get(event);
    if (sample === undefined || session === undefined) return {};
    const found = [...this.#ofRoot(event, sample), ...this.#ofServer(event)];
    this.#metrics.found(found);
    return {
      ...this.#transaction(event, sample, session),
      ...this.#blocked(event, sample),
      ...findingAttributes(found),
    };
  }

  /** Of what is wrong with its database, what is about those that wait for the session. */
  #ofRoot({ at, atMs }: ServerEvent, sample: Sample): readonly WaitFinding[] {
    const blocking = this.#blocking.get(at.server);
    if (blocking === undefined || !blocking.isRoot(sample)) return [];
    const findings = this.#findingsOf(databaseKey(at), blocking, atMs);
    return findings.filter((finding) => isAbout(finding, sample.session));
  }

  /** What is wrong with the connections of the whole server. */
  #ofServer(event: ServerEvent): readonly WaitFinding[] {
    if (!this.#bearers.has(event)) return [];
    return this.#correlation.waits.findings({ database: event.at.server, nowMs: event.atMs });
  }

  /** Adds a sample to its session and to the waits of its statement. */
  #see({ at, atMs, statement }: ServerEvent, sample: Sample): SeenSession {
    const session = this.#correlation.sessions.see(at.server, sample, statement, atMs);
    this.#correlation.waits.sample({
      database: databaseKey(at),
      query: at.fingerprint === "" ? undefined : at.fingerprint,
      category: sample.category,
      seconds: session.seconds,
      timeMs: atMs,
    });
    return session;
  }

  #transaction({ atMs }: ServerEvent, sample: Sample, { executions, summaries }: SeenSession): Told {
    const { transaction, transactionStartMs: startMs } = sample;
    this.#metrics.join("transaction", transaction === undefined ? "unknown" : "linked");
    const told: Told = { "dbintel.session.id": sample.sessionId, "db.query.wait.category": sample.category };
    if (transaction === undefined) return told;
    return {
      ...told,
      "dbintel.transaction.id": transaction,
      "dbintel.transaction.executions": BigInt(executions),
      "dbintel.transaction.summaries": summaries.length > 0 ? summaries : undefined,
      "dbintel.transaction.age": startMs === undefined ? undefined : Math.max(0, (atMs - startMs) / 1000),
    };
  }

  #blocked({ at }: ServerEvent, sample: Sample): Told {
    const told = this.#blocking.get(at.server)?.attributesOf(sample);
    if (told !== undefined) this.#metrics.join("blocking", "linked");
    return told ?? {};
  }

  /** What is wrong with a database now that its sessions wait for each other. */
  #findingsOf(database: string, blocking: Blocking, atMs: number): readonly WaitFinding[] {
    const known = this.#findings.get(database);
    if (known !== undefined) return known;
    const { waits } = this.#correlation;
    waits.blocking({ database, timeMs: atMs, edges: blocking.edges, blockers: blocking.blockers(atMs) });
    const findings = waits.findings({ database, nowMs: atMs });
    this.#findings.set(database, findings);
    return findings;
  }
}

/** Whether a finding, or a part of it, is about what waits for the session. */
function isAbout({ evidence }: WaitFinding, session: string): boolean {
  return Object.entries(evidence).some(
    ([name, { value }]) => (name === "root_session" || name.endsWith(".root_session")) && value === session,
  );
}
