import { feedback } from "@dbintel/feedback";
import { logsBuilder } from "@dbintel/pdata";
import type { PollResult } from "@dbintel/polling";
import { AdviceBook, KeptState, type StatementGuard } from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import { databaseProblem, tooManyTables } from "../connection/problems.ts";
import { startedServer } from "../connection/server-start.ts";
import { tableCounts } from "../objects/table-counts.ts";
import { instanceResource, receiverScope } from "../resource.ts";
import type { WatchedServer } from "../watched-server.ts";
import { type Counting, countedSince } from "./counted-since.ts";
import { adviceOfFindings, duplicateIndex, type IndexFinding, IndexRules, unusedIndex } from "./index-rules.ts";
import { readIndexes, readKeyColumns, readTableFacts } from "./index-source.ts";
import { countsUsage, readUsage, type TableUsage } from "./index-usage.ts";

export interface AdvicePollOptions
  extends Pick<WatchedServer, "host" | "instance" | "context" | "start" | "reportsSchema"> {
  readonly server: KnownServer;
  /** With more tables their indexes are not asked for: MariaDB opens each table for them. */
  readonly mostTables: number;
  /** How long the server must have counted before an index counts as unused. Default 14 days. */
  readonly unusedAfterDays?: number;
}

/** A table whose indexes are smaller than this costs little: 1 MiB. */
const worthwhileBytes = 1_048_576;
const dayMicros = 86_400_000_000;
const standardUnusedDays = 14;
/** All advice is about the server as a whole: its schemas come and go. */
const place = "";

interface Found {
  readonly rules: IndexRules;
  readonly usage: ReadonlyMap<string, TableUsage> | undefined;
}

/** Tells which indexes a server could do without: each when it is found, and once more when it is gone. */
export class AdvicePoll {
  readonly #options: AdvicePollOptions;
  readonly #book: AdviceBook;
  readonly #counting: KeptState<Counting | undefined, Counting | null>;

  constructor(options: AdvicePollOptions) {
    const { host, context } = options;
    this.#options = options;
    const rules = [unusedIndex, duplicateIndex];
    this.#book = new AdviceBook({ host, endpoint: context.endpoint, name: "advice", rules });
    this.#counting = new KeptState<Counting | undefined, Counting | null>({
      ...{ host, name: "counted-since", loss: "indexes count as unused since the server's start", initial: undefined },
      ...{ version: 1, write: (state) => state ?? null, read: (written) => written ?? undefined },
    });
  }

  async poll({ signal, guard }: PollArgs): Promise<PollResult> {
    const { host, server, start, instance, context, unusedAfterDays = standardUnusedDays } = this.#options;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    try {
      const capabilities = await server.capabilities(signal);
      const { product, performanceSchema } = capabilities;
      const { clockMicros, startedMicros } = await startedServer(server.connection, start, signal);
      const found = await guard.ask({
        ...{ collectorClass: "sizes", cold: true },
        work: () => this.#read(performanceSchema, signal),
      });
      if (found === undefined) return { batches: [] };
      if (typeof found === "number") return { batches: [], problems: [tooManyTables(context.endpoint, found)] };
      const nowMicros = Number(clockMicros);
      const counting = countedSince({
        ...{ known: await this.#counting.get(), usage: found.usage },
        ...{ startedMicros: Number(startedMicros), nowMicros },
      });
      const findings = [...found.rules.duplicates()];
      const asked = new Set([duplicateIndex.id]);
      if (found.usage !== undefined && nowMicros - counting.sinceMicros >= unusedAfterDays * dayMicros) {
        findings.push(...found.rules.unused(found.usage));
        asked.add(unusedIndex.id);
      }
      const logs = logsBuilder()
        .resource(instanceResource(instance, capabilities))
        .scope(receiverScope(host.build, capabilities));
      const taken: (() => void)[] = [() => this.#counting.set(counting)];
      await this.#book.tell(
        { logs, timeUnixNano: clockMicros * 1000n, onTaken: (action) => taken.push(action) },
        {
          ...{ place, database: undefined, asked },
          found: adviceOfFindings(await this.#weighed(findings, { ...counting, nowMicros }, signal)),
          attributes: ({ schema }) => ({ "db.system.name": product, "db.namespace": schema }),
        },
      );
      const commit = () => {
        for (const action of taken) action();
      };
      return { batches: [logs.build()], commit };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  async close(): Promise<void> {
    await this.#book.close();
    await this.#counting.close();
  }

  /** How many tables there are, where they are too many. */
  async #read(performanceSchema: boolean, signal: AbortSignal): Promise<Found | number> {
    const { server, mostTables, reportsSchema } = this.#options;
    const { connection } = server;
    const counts = (await tableCounts(connection, signal)).filter(({ schema }) => reportsSchema(schema));
    const tables = counts.reduce((sum, each) => sum + each.tables, 0);
    if (tables > mostTables) return tables;
    const indexes = [];
    const keys = [];
    for (const { schema } of counts) {
      indexes.push(...(await readIndexes(connection, schema, signal)));
      keys.push(...(await readKeyColumns(connection, schema, signal)));
    }
    const counted = performanceSchema && (await countsUsage(connection, signal));
    const usage = counted ? await readUsage(connection, signal) : undefined;
    return { rules: new IndexRules(indexes, keys), usage };
  }

  /** The findings that matter, with what is known of their tables. */
  async #weighed(
    findings: readonly IndexFinding[],
    { sinceMicros, nowMicros }: { readonly sinceMicros: number; readonly nowMicros: number },
    signal: AbortSignal,
  ) {
    const { server, unusedAfterDays = standardUnusedDays } = this.#options;
    const weighed = [];
    for (const [schema, ofSchema] of Map.groupBy(findings, ({ index }) => index.schema)) {
      const facts = await readTableFacts(server.connection, schema, signal);
      for (const finding of ofSchema) {
        const { indexBytes = 0, madeMicros = 0 } = facts.get(finding.index.table) ?? {};
        const days = (nowMicros - Math.max(sinceMicros, madeMicros)) / dayMicros;
        if (finding.rule !== unusedIndex) weighed.push({ ...finding, indexBytes });
        else if (indexBytes >= worthwhileBytes && days >= unusedAfterDays) {
          weighed.push({ ...finding, evidence: { ...finding.evidence, counted_days: days }, indexBytes });
        }
      }
    }
    return weighed;
  }
}

interface PollArgs {
  readonly signal: AbortSignal;
  readonly guard: StatementGuard;
}
