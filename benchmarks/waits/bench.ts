/**
 * What the wait engine costs: nanoseconds of naming a wait, of a sample and of judging a statement, and the heap of
 * 100,000 statements that are followed at once, and of as many of which something was learnt.
 *
 *   npm run bench -- waits
 */
import { advise, type Evidence, WaitCatalogue, type WaitCategory, WaitEngine, WaitProfiles } from "@dbintel/waits";
import { median, type Row, report } from "../harness/results.ts";

const statements = 100_000;
const database = "db.example:5432/shop";
const runs = 25;
const categories: readonly WaitCategory[] = ["cpu", "io_data", "lock_row", "io_log"];

function heapUsed(): number {
  if (globalThis.gc === undefined) throw new Error("run it by npm run bench: it needs --expose-gc");
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** The median over the runs, in nanoseconds of one of `count`. */
function time(name: string, count: number, run: (round: number) => void): Row {
  const nanoseconds: number[] = [];
  for (let round = 0; round < runs; round++) {
    const start = process.hrtime.bigint();
    run(round);
    nanoseconds.push(Number(process.hrtime.bigint() - start) / count);
  }
  return { name, figures: { ns: median(nanoseconds) } };
}

function category(place: number): WaitCategory {
  return categories[place % categories.length] ?? "cpu";
}

function names(): Row[] {
  const catalogue = new WaitCatalogue();
  const postgresql = [
    { state: "active", type: "IO", event: "DataFileRead" },
    { state: "active", type: "Lock", event: "transactionid" },
    { state: "active" },
  ];
  const mysql = [
    { command: "Query", event: "wait/io/file/innodb/innodb_data_file" },
    { command: "Query", event: "wait/synch/mutex/innodb/trx_sys_mutex" },
    { command: "Query", event: "wait/io/table/sql/handler", state: "executing" },
  ];
  return [
    time("name a wait of PostgreSQL", 30_000, () => {
      for (let times = 0; times < 10_000; times++) for (const session of postgresql) catalogue.postgresql(session);
    }),
    time("name a wait of MySQL", 30_000, () => {
      for (let times = 0; times < 10_000; times++) for (const session of mysql) catalogue.mysql(session);
    }),
  ];
}

function samples(queries: number): Row {
  const profiles = new WaitProfiles({ maxQueries: queries });
  const keys = Array.from({ length: queries }, (_, place) => `fingerprint ${place}`);
  const count = 100_000;
  return time(`add a sample, ${queries.toLocaleString("en")} statements`, count, (round) => {
    for (let place = 0; place < count; place++) {
      const query = keys[place % queries];
      profiles.add({ database, query, category: category(place), seconds: 1, timeMs: round * 10_000 });
    }
  });
}

function judgement(): Row[] {
  const profiles = new WaitProfiles();
  for (let place = 0; place < 400; place++) {
    profiles.add({ database, query: "q", category: category(place), seconds: 1, timeMs: place * 100 });
  }
  const waits = profiles.profile({ database, query: "q", timeMs: 40_000 });
  const seen = waits && { timeMs: 40_000, value: waits };
  const evidence: Evidence = {
    database,
    query: "q",
    waits: seen,
    databaseWaits: seen,
    counters: {
      timeMs: 40_000,
      value: { calls: 100, seconds: 50, rowsExamined: 1e7, rowsReturned: 100, noIndexCalls: 100 },
    },
  };
  return [
    time("profile of a statement", 10_000, () => {
      for (let times = 0; times < 10_000; times++) profiles.profile({ database, query: "q", timeMs: 40_000 });
    }),
    time(`findings of a statement (${advise({ evidence, nowMs: 40_000 }).length} of them)`, 1_000, () => {
      for (let times = 0; times < 1_000; times++) advise({ evidence, nowMs: 40_000 });
    }),
  ];
}

/** One database with so many statements: judged in full, then once more to see what was learnt of them. */
function engine(): Row[] {
  const floor = heapUsed();
  const subject = new WaitEngine({ profiles: { maxQueries: statements }, maxJudged: statements });
  for (let place = 0; place < 4 * statements; place++) {
    const query = `fingerprint ${place % statements}`;
    subject.sample({ database, query, category: category(place % 3), seconds: 1, timeMs: 1000 });
  }
  const followed = heapUsed();
  const start = process.hrtime.bigint();
  subject.evaluate(1000);
  const nanoseconds = Number(process.hrtime.bigint() - start) / statements;
  const learnt = heapUsed();
  const count = statements.toLocaleString("en");
  return [
    { name: `follow ${count} statements`, figures: { "MB held": (followed - floor) / 1e6 } },
    {
      name: `judge and learn ${count} statements, each`,
      figures: { ns: nanoseconds, "MB held": (learnt - floor) / 1e6 },
    },
    { name: "its snapshot", figures: { "MB held": subject.takeSnapshot().byteLength / 1e6 } },
  ];
}

report("waits", [...names(), samples(100), samples(statements), ...judgement(), ...engine()]);
