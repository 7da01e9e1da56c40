import { freePort } from "@dbintel/e2e/servers";
import type { DbintelError } from "@dbintel/errors";
import { feedback, noSavings } from "@dbintel/feedback";
import { createTestHost } from "@dbintel/pipeline/testing";
import type { StatementGuard } from "@dbintel/watching";
import { expect, it } from "vitest";
import { loginOf } from "../../test/watch.ts";
import { KnownServer } from "../connection/capabilities.ts";
import { DatabaseConnection } from "../connection/connection.ts";
import { Visits } from "../connection/visits.ts";
import { KnownScans } from "./known-scans.ts";
import { LoggedPlans } from "./logged-plans.ts";
import { PlanCollector } from "./plan-collector.ts";

const signal = new AbortController().signal;
const letting: StatementGuard = { strained: false, ask: ({ work }) => work() };
const holding: StatementGuard = { strained: false, ask: async () => undefined };

function keyOf(queryId: bigint) {
  return { databaseId: 1, userId: 2, queryId, toplevel: true };
}

/** A collector of plans from a server that is not there. */
async function collector() {
  const host = createTestHost();
  const endpoint = `127.0.0.1:${await freePort()}`;
  const settings = {
    ...{ host: "127.0.0.1", port: Number(endpoint.split(":")[1]), username: "otel" },
    ...{ login: loginOf("secret"), statementTimeoutMs: 1000, lockTimeoutMs: 100 },
  };
  const logged = new LoggedPlans(host.clock);
  const server = new KnownServer(new DatabaseConnection(settings, "postgres"), endpoint);
  const plans = new PlanCollector({
    host,
    visits: new Visits(settings, server),
    logged,
    scans: new KnownScans(host.clock),
    context: { endpoint, username: "otel", database: "postgres" },
    ...{ limit: 10, cacheSize: 100, cacheTtlMs: 3_600_000, intervalMs: 60_000 },
  });
  const problems: DbintelError[] = [];
  const collect = async (guard: StatementGuard, ...queryIds: bigint[]) => {
    const candidates = queryIds.map((id) => ({ key: keyOf(id), database: "shop", role: "app", meanMs: 5 }));
    const found = await plans.collect({ candidates, versionNumber: 180_000, guard, problems, signal });
    return queryIds.map((id) => found.get(keyOf(id))?.reason);
  };
  return { host, logged, plans, problems, collect };
}

it("says why there is no plan without a word to the server where the text says it", async () => {
  const { plans, problems, collect } = await collector();
  plans.texts.keep(keyOf(1n), "COMMIT");
  plans.texts.keep(keyOf(2n), "SELECT 1; SELECT 2");
  expect(await collect(letting, 1n, 2n, 3n)).toEqual(["not_explainable", "not_explainable", "text_unknown"]);
  expect(problems).toEqual([]);
});

it("leaves plans out when the guard holds them back, and asks again at the next poll", async () => {
  const { plans, problems, collect } = await collector();
  plans.texts.keep(keyOf(1n), "SELECT 1");
  expect(await collect(holding, 1n)).toEqual(["held_back"]);
  expect(problems).toEqual([]);
  expect(await collect(letting, 1n)).toEqual(["held_back"]);
  expect(problems.map(({ code }) => code)).toEqual(["DBI_DATABASE_UNREACHABLE"]);
});

it("says nothing again while a budget demands that nothing is repeated", async () => {
  const { host, collect } = await collector();
  host.shared(feedback).demand("budget", { ...noSavings, suppressRepeats: true });
  expect(await collect(letting, 3n)).toEqual(["text_unknown"]);
  expect(await collect(letting, 3n)).toEqual([undefined]);
  host.shared(feedback).demand("budget", undefined);
  expect(await collect(letting, 3n)).toEqual(["text_unknown"]);
});

it("takes the plan that an execution had before it asks for one, and again when the log has another", async () => {
  const { host, logged, plans, collect } = await collector();
  plans.texts.keep(keyOf(1n), "SELECT 1");
  logged.add("shop", "1", { plan: "[1]", hash: "one" });
  logged.add("crm", "1", { plan: "[2]", hash: "two" });
  const plan = async () => {
    const candidates = [{ key: keyOf(1n), database: "shop", role: "app", meanMs: 5 }];
    const found = await plans.collect({ candidates, versionNumber: 180_000, guard: holding, problems: [], signal });
    return found.get(keyOf(1n));
  };
  expect(await plan()).toEqual({ plan: "[1]", hash: "one", source: "auto_explain" });
  expect(await plan()).toEqual({ plan: "[1]", hash: "one", source: "auto_explain" });
  logged.add("shop", "1", { plan: "[3]", hash: "three" });
  await host.clock.advance(3_600_000);
  expect((await plan())?.hash).toBe("three");
  // What is older than the time to live is not taken for the plan of today.
  await host.clock.advance(3_600_000);
  expect(await collect(holding, 1n)).toEqual(["held_back"]);
});
