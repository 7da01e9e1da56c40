import { classShare, type FindingCode, type WaitCategory, type WaitClass, WaitEngine } from "../src/index.ts";
import { pick, randomOf } from "./random.ts";

/** What goes wrong for a while. */
type Incident =
  | "lock_storm"
  | "idle_blocker"
  | "io_saturation"
  | "log_flush"
  | "missing_index"
  | "temporary_spill"
  | "slow_client"
  | "connection_storm"
  | "deadlocks";

const incidents: readonly Incident[] = [
  "lock_storm",
  "io_saturation",
  "missing_index",
  "idle_blocker",
  "log_flush",
  "temporary_spill",
  "slow_client",
  "connection_storm",
  "deadlocks",
];

interface Truth {
  /** One of these has to be found. */
  readonly expected: readonly FindingCode[];
  /** These may be found besides, because they are true as well. */
  readonly also: readonly FindingCode[];
  /** What sessions wait for. */
  readonly waits?: WaitClass;
}

const truth: Readonly<Record<Incident, Truth>> = {
  lock_storm: { expected: ["blocking_root"], also: ["lock_contention"], waits: "lock" },
  idle_blocker: {
    expected: ["idle_transaction_pileup"],
    also: ["idle_in_transaction_blocker", "lock_contention"],
    waits: "lock",
  },
  io_saturation: { expected: ["io_bound", "io_saturation"], also: [], waits: "io" },
  log_flush: { expected: ["log_flush_pressure"], also: ["io_saturation"], waits: "io" },
  missing_index: {
    expected: ["missing_index_io", "missing_index"],
    also: ["io_bound", "io_saturation", "plan_change_wait_shift", "plan_change"],
    waits: "io",
  },
  temporary_spill: {
    expected: ["temporary_data_io", "temporary_data_on_disk"],
    also: ["temporary_io", "io_saturation"],
    waits: "io",
  },
  slow_client: { expected: ["network_bound"], also: [], waits: "network" },
  connection_storm: { expected: ["connection_storm"], also: [] },
  deadlocks: { expected: ["deadlocks"], also: [] },
};

/** True whenever something goes wrong. */
const consequences: readonly FindingCode[] = ["load_spike", "wait_shift"];

interface Statement {
  readonly query: string;
  readonly weight: number;
  /** How often a session in it is seen in a category. */
  readonly mix: Partial<Readonly<Record<WaitCategory, number>>>;
}

const statements: readonly Statement[] = [
  { query: "read", weight: 5, mix: { cpu: 0.8, io_data: 0.15, network: 0.05 } },
  { query: "write", weight: 3, mix: { cpu: 0.55, io_log: 0.2, io_data: 0.1, lock_row: 0.1, latch: 0.05 } },
  { query: "report", weight: 2, mix: { cpu: 0.6, io_data: 0.3, io_temp: 0.05, buffer: 0.05 } },
  // Always reads from disk, and nobody minds.
  { query: "archive", weight: 1, mix: { io_data: 0.95, cpu: 0.05 } },
];

const sampleSeconds = 10;
const windowSeconds = 300;
const slots = 60;
const learningDays = 2;
const days = 4;
const database = "db.example:5432/shop";

interface Activity {
  readonly query: string;
  readonly category: WaitCategory;
}

/** Alarms of one way to judge, against the truth. */
class Tally {
  readonly found = new Set<number>();
  readonly wrong: string[] = [];
  alarms = 0;
  /** Wrong alarms of the day on which nothing happens. */
  quiet = 0;

  add(alarm: string, at: Moment, isTrue: boolean, isExpected: boolean): void {
    this.alarms++;
    if (isExpected) this.found.add(at.ordinal);
    if (isTrue) return;
    if (at.day === days - 1) this.quiet++;
    this.wrong.push(`window ${at.window}, ${at.incident ?? "calm"}: ${alarm}`);
  }

  get precision(): number {
    return 1 - this.wrong.length / this.alarms;
  }
}

/** A window of five minutes. */
interface Moment {
  readonly window: number;
  readonly day: number;
  readonly incident: Incident | undefined;
  /** Of the incident, from 0. */
  readonly ordinal: number;
  readonly endMs: number;
}

export interface SimulationResult {
  readonly incidents: readonly string[];
  /** Findings that are high or critical. */
  readonly engine: Tally;
  /** A class of waits that takes more than 70 % of the time of a statement or of the database. */
  readonly fixedRule: Tally;
}

/**
 * A database of sixty connections, of which some are active, more by day than by night: two days to learn from, one with
 * an incident of a quarter of an hour every hour, and one without. Sessions stay in what they do for some seconds.
 */
export function simulate(seed: number): SimulationResult {
  const random = randomOf(seed);
  const engine = new WaitEngine();
  const sessions: (Activity | undefined)[] = Array.from({ length: slots }, () => undefined);
  const result = { incidents: [] as string[], engine: new Tally(), fixedRule: new Tally() };
  let strength = 0;
  const startMs = Date.parse("2026-03-02T00:00:00Z");
  for (let window = 0; window < days * 288; window++) {
    const day = Math.floor(window / 288);
    const hour = Math.floor(window / 12);
    const during = day >= learningDays && day < days - 1 && window % 12 < 3;
    const incident = during ? incidents[hour % incidents.length] : undefined;
    if (window % 12 === 0) {
      strength = 0.04 + 0.16 * random();
      if (incident !== undefined) result.incidents.push(`${incident} of ${strength.toFixed(2)}`);
    }
    // A batch now and then keeps processors busy: more load, and nothing wrong.
    const batch = incident === undefined && random() < 0.05 ? 0.1 : 0;
    const fromMs = startMs + window * windowSeconds * 1000;
    for (let second = sampleSeconds; second <= windowSeconds; second += sampleSeconds) {
      step({ random, sessions, incident, strength, batch, time: window / 288 });
      const sample = { database, seconds: sampleSeconds, timeMs: fromMs + second * 1000 - 1 };
      engine.sample({ ...sample, category: "idle" });
      for (const session of sessions) if (session !== undefined) engine.sample({ ...sample, ...session });
    }
    const endMs = fromMs + windowSeconds * 1000 - 1;
    tell(engine, random, incident, strength, endMs);
    const at: Moment = { window, day, incident, ordinal: result.incidents.length - 1, endMs };
    judge(engine, result.engine, at);
    judgeByFixedRule(engine, result.fixedRule, at);
  }
  return result;
}

function judge(engine: WaitEngine, tally: Tally, at: Moment): void {
  const { expected = [], also = [] } = at.incident === undefined ? {} : truth[at.incident];
  for (const { code, query, severity } of engine.evaluate(at.endMs)) {
    if (severity !== "high" && severity !== "critical") continue;
    const isConsequence = at.incident !== undefined && consequences.includes(code);
    const isTrue = expected.includes(code) || also.includes(code) || isConsequence;
    tally.add(`${code} of ${query ?? "the database"}`, at, isTrue, expected.includes(code));
  }
}

function judgeByFixedRule({ profiles }: WaitEngine, tally: Tally, at: Moment): void {
  const waits = at.incident === undefined ? undefined : truth[at.incident].waits;
  for (const query of [undefined, ...profiles.queries(database, at.endMs)]) {
    const profile = profiles.profile({ database, query, timeMs: at.endMs });
    for (const waitClass of ["lock", "io", "network"] as const) {
      if (profile === undefined || classShare(profile, waitClass).share <= 0.7) continue;
      tally.add(`${waitClass} of ${query ?? "the database"}`, at, waitClass === waits, waitClass === waits);
    }
  }
}

/** Lets every session go on with what it does, or begin something else. */
function step(args: {
  readonly random: () => number;
  readonly sessions: (Activity | undefined)[];
  readonly incident: Incident | undefined;
  /** The share of the sessions that an incident seizes. */
  readonly strength: number;
  readonly batch: number;
  /** In days. */
  readonly time: number;
}): void {
  const { random, sessions, incident, strength, batch, time } = args;
  const busy = 0.08 * (1 + 0.4 * Math.sin(2 * Math.PI * time));
  for (const slot of sessions.keys()) {
    if (random() < 0.4) continue;
    if (incident !== undefined && random() < strength) sessions[slot] = afflicted(random, incident);
    else if (random() < batch) sessions[slot] = { query: "batch", category: "cpu" };
    else sessions[slot] = random() < busy ? usual(random) : undefined;
  }
}

function usual(random: () => number): Activity | undefined {
  const statement = pick(
    random,
    statements.map((one) => [one, one.weight] as const),
  );
  const category = pick(random, Object.entries(statement?.mix ?? {}) as [WaitCategory, number][]);
  return statement === undefined || category === undefined ? undefined : { query: statement.query, category };
}

/** What an incident makes of a session. */
function afflicted(random: () => number, incident: Incident): Activity | undefined {
  const activities: Partial<Readonly<Record<Incident, readonly [query: string, category: WaitCategory]>>> = {
    lock_storm: ["write", "lock_row"],
    idle_blocker: ["write", "lock_row"],
    io_saturation: [random() < 0.5 ? "read" : "report", "io_data"],
    log_flush: ["write", "io_log"],
    missing_index: ["report", "io_data"],
    temporary_spill: ["report", "io_temp"],
    slow_client: ["read", "network"],
  };
  const activity = activities[incident];
  return activity === undefined ? usual(random) : { query: activity[0], category: activity[1] };
}

/** Counters, blocking and connections of a window. */
function tell(
  engine: WaitEngine,
  random: () => number,
  incident: Incident | undefined,
  strength: number,
  timeMs: number,
): void {
  for (const { query } of statements) {
    const calls = 500 + Math.floor(random() * 500);
    const scans = incident === "missing_index" && query === "report";
    engine.statement({
      database,
      query,
      timeMs,
      counters: {
        calls,
        seconds: calls / 100,
        rowsReturned: calls * 10,
        rowsExamined: calls * (scans ? 200_000 : 30),
        noIndexCalls: scans ? calls : 0,
        temporaryBytes: incident === "temporary_spill" && query === "report" ? calls * 50e6 : 0,
      },
    });
  }
  const blocked =
    incident === "lock_storm" || incident === "idle_blocker" ? Math.ceil(slots * strength) : random() < 0.3 ? 1 : 0;
  engine.blocking({
    database,
    timeMs,
    edges: Array.from({ length: blocked }, (_, place) => ({
      blocked: String(place + 2),
      blocker: "1",
      seconds: blocked === 1 ? random() * 2 : 5 + random() * 60,
    })),
    blockers: new Map([["1", { idleInTransaction: incident === "idle_blocker" }]]),
  });
  // One now and then is nobody's trouble.
  const ended = incident === "deadlocks" ? Math.ceil(100 * strength) : random() < 0.1 ? 1 : 0;
  for (let number = 0; number < ended; number++) {
    for (const query of ["write", "report"]) engine.deadlock({ database, id: `${timeMs} ${number}`, timeMs, query });
  }
  engine.connections({
    database,
    timeMs,
    open: incident === "connection_storm" ? 90 : 60,
    max: 200,
    madePerSecond: (0.5 + random()) * (incident === "connection_storm" ? 100 * strength : 1),
  });
}
