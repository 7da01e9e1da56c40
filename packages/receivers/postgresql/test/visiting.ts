import type { PostgresServer } from "@dbintel/e2e/servers";
import type { Host } from "@dbintel/pipeline";
import { createTestHost, eventsOf, type TestHost } from "@dbintel/pipeline/testing";
import { StatementGuards } from "@dbintel/watching";
import { expect } from "vitest";
import { KnownServer } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { watchedDatabase } from "../src/connection/problems.ts";
import { Visits } from "../src/connection/visits.ts";
import { objectMetrics } from "../src/objects/catalogue.ts";
import { ObjectErrand } from "../src/objects/object-errand.ts";
import { objectCollection } from "../src/objects/settings.ts";
import { instanceResource } from "../src/resource.ts";
import type { Errand } from "../src/visits/errand.ts";
import { VisitPoll } from "../src/visits/visit-poll.ts";
import { calm, never, patient, settingsOf } from "./watch.ts";

/** Every metric of tables and indexes. */
export function objects(settings: Record<string, number> = {}, host: Host = createTestHost()): ObjectErrand {
  return new ObjectErrand({
    host,
    settings: objectCollection.parse(settings),
    enabled: (metric) => objectMetrics.includes(metric),
    enabledLabel: () => true,
  });
}

/** The visits to the databases of a real server, one call a round. */
export function visitDatabases(
  server: PostgresServer,
  options: {
    readonly errands: readonly Errand[];
    readonly user?: { readonly username: string; readonly password: string };
    readonly reportsDatabase?: (name: string) => boolean;
    readonly host?: TestHost;
  },
) {
  const { errands, reportsDatabase = () => true } = options;
  const settings = settingsOf(server, options.user);
  const context = { endpoint: "test:5432", username: settings.username, database: "postgres" };
  const host = patient(options.host, context.endpoint);
  const views = new KnownServer(new DatabaseConnection(settings, "postgres"), context.endpoint);
  const visits = new Visits(settings, views);
  const resource = instanceResource({ host: server.host, port: server.port, enabled: () => true });
  const poll = new VisitPoll({
    ...{ host, server: views, visits, errands, resource, context, reportsDatabase, intervalMs: 10_000 },
  });
  const guards = new StatementGuards({ host, watched: watchedDatabase(context), source: visits });
  const round = () => poll.poll({ signal: never, guard: guards.forPoll(calm) });
  return {
    host,
    visits,
    /** A round whose findings are not taken. */
    peek: round,
    async round() {
      const result = await round();
      result.commit?.();
      return result;
    },
    close: () => views.connection.close(),
  };
}

/** Looks again and again into one database for one errand, and has its events. */
export function eventsOfVisits(
  server: PostgresServer,
  args: {
    readonly errand: Errand & { close(): Promise<void> };
    readonly database: string;
    readonly host: TestHost;
    readonly user?: { readonly username: string; readonly password: string };
  },
) {
  const { errand, database, host, user } = args;
  const databases = visitDatabases(server, {
    ...{ host, errands: [errand], reportsDatabase: (name) => name === database },
    ...(user === undefined ? {} : { user }),
  });
  const look = async (take: boolean) => {
    const { batches, problems } = await (take ? databases.round() : databases.peek());
    expect(problems).toEqual([]);
    await host.clock.advance(errand.intervalMs);
    return eventsOf(batches);
  };
  return {
    host,
    look: () => look(true),
    /** A look whose events are not taken. */
    peek: () => look(false),
    async close(): Promise<void> {
      await errand.close();
      await databases.close();
    },
  };
}
