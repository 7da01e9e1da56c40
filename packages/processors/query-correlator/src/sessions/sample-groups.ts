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
  /** By database. */
  readonly #findings = new Map<string, readonly WaitFinding[]>();

  constructor(correlation: Correlation, metrics: CorrelatorMetrics, events: readonly ServerEvent[]) {
    this.#correlation = correlation;
    this.#metrics = metrics;
    const byServer = new Map<string, Sample[]>();
    for (const event of events) {
      const { at, sample } = event;
      if (sample === undefined) continue;
      this.#sessions.set(event, this.#see(event, sample));
      const samples = byServer.get(at.server) ?? [];
      byServer.set(at.server, samples);
      samples.push(sample);
    }
    for (const [server, samples] of byServer) {
      this.#blocking.set(server, new Blocking(server, samples, correlation.sessions));
    }
  }

  /** What the record of a sample is told; nothing for other records. */
  tell(event: ServerEvent): Told {
    const { sample } = event;
    const session = this.#sessions.get(event);
    if (sample === undefined || session === undefined) return {};
    return { ...this.#transaction(event, sample, session), ...this.#blocked(event, sample) };
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

  #blocked({ at, atMs }: ServerEvent, sample: Sample): Told {
    const blocking = this.#blocking.get(at.server);
    const told = blocking?.attributesOf(sample);
    if (blocking === undefined || told === undefined) return {};
    this.#metrics.join("blocking", "linked");
    if (!blocking.isRoot(sample)) return told;
    // Those that others are the root of are told to their records.
    const own = this.#findingsOf(databaseKey(at), blocking, atMs).filter((finding) => isAbout(finding, sample.session));
    this.#metrics.found(own);
    return { ...told, ...findingAttributes(own) };
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
