import { instanceConfig, listingOf } from "@dbintel/instances";
import type { Signal } from "@dbintel/pdata";
import type { Consumer, Host, Subject } from "@dbintel/pipeline";
import { PollTrial, reachability, trialFindings } from "@dbintel/watching";
import { type MysqlConfig, mysqlInstance } from "../config.ts";
import type { Capabilities } from "../connection/capabilities.ts";
import { platformTraits } from "../connection/platforms.ts";
import { databaseProblem, watchedDatabase } from "../connection/problems.ts";
import { parts } from "../parts.ts";
import { watchedServer } from "../server.ts";
import type { WatchedServer } from "../watched-server.ts";
import type { MysqlCheck } from "./checks.ts";
import { loginFailure, sessionChecks } from "./connection-checks.ts";
import { isReadOnly, type ServerFacts, serverFacts } from "./facts.ts";
import { grantChecks, optionalGrantChecks } from "./grant-checks.ts";
import { consumerChecks, digestChecks, instrumentChecks, performanceSchemaCheck } from "./performance-schema-checks.ts";

/** The servers that these settings watch. */
export async function subjects(args: {
  readonly config: MysqlConfig;
  readonly signals: readonly Signal[];
}): Promise<readonly Subject[]> {
  const listed = await listingOf(args.config, mysqlInstance).list();
  return listed.slice(0, args.config.max_instances).map(({ entry }): Subject => {
    const config = instanceConfig(args.config, entry);
    const { signals } = args;
    return { name: config.endpoint, examine: (how) => examine({ config, ...how, signals }) };
  });
}

/** What nobody takes: the polls of an examination bring it to nowhere. */
const nowhere: Consumer = { consume: async () => {} };

interface ExaminationArgs {
  readonly config: MysqlConfig;
  readonly signals: readonly Signal[];
  readonly host: Host;
  readonly signal: AbortSignal;
}

/** Examines one server, over the sessions that the receiver would have. */
async function* examine(args: ExaminationArgs): AsyncGenerator<MysqlCheck> {
  const { config, host } = args;
  const next = Object.fromEntries(args.signals.map((signal) => [signal, nowhere]));
  const trial = new PollTrial();
  // An examination changes nothing.
  const harmless = { ...config, consumers: { ...config.consumers, enable: false } };
  const server = watchedServer({ config: harmless, host, next, watch: trial });
  const reached = await reachability(server.settings, args);
  yield { code: "MY-CONN-001", ...reached };
  if (reached.status === "fail") return;
  try {
    yield* examineServer(server, args);
    for (const part of parts) part(server);
    const watched = watchedDatabase(server.context);
    const polls = trial.run({ host, watched, timeoutMs: config.statement_timeout, signal: args.signal });
    const { max_database_share: mostShare } = config.budget;
    for await (const found of trialFindings(polls, mostShare)) yield { code: "MY-COST-001", ...found };
  } finally {
    await trial.close();
  }
}

async function* examineServer(
  server: WatchedServer,
  { config, host, signal }: ExaminationArgs,
): AsyncGenerator<MysqlCheck> {
  const { connection } = server.status;
  let capabilities: Capabilities;
  let facts: ServerFacts;
  let around: { readonly before: bigint; readonly after: bigint };
  try {
    capabilities = await server.status.capabilities(signal);
    const before = host.clock.unixNano() / 1000n;
    facts = await serverFacts(connection, signal);
    around = { before, after: host.clock.unixNano() / 1000n };
  } catch (error) {
    signal.throwIfAborted();
    yield loginFailure(databaseProblem(error, server.context));
    return;
  }
  yield* sessionChecks(facts, config, around);
  yield* identity(capabilities, facts);
  yield performanceSchemaCheck(capabilities);
  const asked = { connection, capabilities, facts, signal };
  const granting = (checks: readonly MysqlCheck[]) => checks.map((check) => grantedWhere(check, facts));
  yield* granting(await grantChecks(asked));
  const { max_explain_each_interval: most, explain_mode: mode } = config.top_query_collection;
  const wanted = { turnsOn: config.consumers.enable, explains: most > 0 && mode === "inline" };
  yield* granting(await optionalGrantChecks({ ...asked, ...wanted }));
  if (!capabilities.performanceSchema) return;
  yield* await consumerChecks(asked);
  yield* await instrumentChecks(asked);
  yield* digestChecks(facts, capabilities);
}

/** A replica has its accounts from its source. What is turned on in performance_schema is its own. */
function grantedWhere(check: MysqlCheck, facts: ServerFacts): MysqlCheck {
  const { repair } = check;
  return repair !== undefined && isReadOnly(facts) ? { ...check, repair: { ...repair, place: "its source" } } : check;
}

function* identity({ product, version, platform }: Capabilities, facts: ServerFacts): Generator<MysqlCheck> {
  const name = product === "mysql" ? "MySQL" : "MariaDB";
  const wrong = platformTraits(platform).wrongDigestCounts?.some((prefix) => version.startsWith(prefix)) === true;
  yield wrong
    ? {
        code: "MY-SERVER-001",
        status: "warn",
        message: `${name} ${version}: counts by statement are wrong in this version`,
        hint: "https://github.com/awslabs/amazon-aurora-mysql-labs, issue 61; a later version counts right",
      }
    : { code: "MY-SERVER-001", status: "ok", message: `${name} ${version}` };
  yield { code: "MY-SERVER-002", status: "ok", message: platform };
  const message = isReadOnly(facts)
    ? "it takes no writes: what is granted is granted on its source"
    : "it takes writes";
  yield { code: "MY-SERVER-003", status: "ok", message };
}
