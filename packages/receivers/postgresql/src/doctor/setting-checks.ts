import type { Platform } from "@dbintel/instances";
import type { PostgresqlCheck } from "./checks.ts";
import type { ServerFacts } from "./facts.ts";
import { settingRepair } from "./repairs.ts";

const shortestText = 4096;

/** Settings of the server by which it measures less than it could. */
export function settingChecks(facts: ServerFacts, platform: Platform): readonly PostgresqlCheck[] {
  return [textSize(facts, platform), ioTiming(facts, platform), queryId(facts, platform)].flat();
}

/** Settings of pg_stat_statements; only where its library is loaded they are there. */
export function statementSettingChecks(facts: ServerFacts, platform: Platform): readonly PostgresqlCheck[] {
  const track = facts.settings.get("pg_stat_statements.track");
  if (track === undefined) return [];
  const utility = facts.settings.get("pg_stat_statements.track_utility") === "on";
  if (track === "none") {
    const repair = settingRepair({ platform, name: "pg_stat_statements.track", value: "top", restart: false });
    return [{ code: "PG-SET-005", status: "fail", message: "pg_stat_statements.track is none", repair }];
  }
  const others = utility ? "statements other than DML too" : "no statements other than DML";
  return [{ code: "PG-SET-005", status: "ok", message: `pg_stat_statements.track is ${track}; it counts ${others}` }];
}

/** Without these the statistics views stay empty. */
export function trackingChecks({ settings }: ServerFacts, platform: Platform): readonly PostgresqlCheck[] {
  const off = ["track_activities", "track_counts"].filter((name) => settings.get(name) === "off");
  if (off.length === 0) {
    return [{ code: "PG-SET-006", status: "ok", message: "track_activities and track_counts are on" }];
  }
  return off.map((name) => ({
    ...({ code: "PG-SET-006", status: "fail", message: `${name} is off` } as const),
    repair: settingRepair({ platform, name, value: "on", restart: false }),
  }));
}

function textSize({ settings }: ServerFacts, platform: Platform): PostgresqlCheck {
  const name = "track_activity_query_size";
  const bytes = Number(settings.get(name));
  if (bytes >= shortestText) return { code: "PG-SET-001", status: "ok", message: `${name} is ${bytes}` };
  return {
    code: "PG-SET-001",
    status: "warn",
    message: `${name} is ${bytes} bytes`,
    repair: settingRepair({ platform, name, value: String(shortestText), restart: true }),
  };
}

function ioTiming({ settings }: ServerFacts, platform: Platform): PostgresqlCheck {
  const name = "track_io_timing";
  if (settings.get(name) === "on") return { code: "PG-SET-002", status: "ok", message: `${name} is on` };
  return {
    code: "PG-SET-002",
    status: "warn",
    message: `${name} is off`,
    hint: "on a machine with a slow clock it costs a little: pg_test_timing tells",
    repair: settingRepair({ platform, name, value: "on", restart: false }),
  };
}

function queryId({ settings, computesQueryIds }: ServerFacts, platform: Platform): PostgresqlCheck {
  const code = "PG-SET-003";
  const name = "compute_query_id";
  const value = settings.get(name);
  if (value === undefined) return { code, status: "skipped", message: "needs PostgreSQL 14" };
  // What is `auto` is turned on by pg_stat_statements itself.
  if (value !== "off") return { code, status: "ok", message: `${name} is ${value}` };
  if (computesQueryIds) return { code, status: "ok", message: `${name} is off, and another library computes them` };
  const repair = settingRepair({ platform, name, value: "auto", restart: false });
  return { code, status: "fail", message: `${name} is off: pg_stat_statements counts nothing`, repair };
}
