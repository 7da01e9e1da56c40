import type { WaitCategory } from "../category.ts";
import { mysqlFamilies, mysqlInstruments, mysqlStages } from "./mysql-events.ts";
import { postgresqlEventTypes } from "./postgresql-events.ts";
import { UnknownEvents } from "./unknown-events.ts";

/** A session of PostgreSQL as `pg_stat_activity` shows it. */
export interface PostgresqlSession {
  /** `state`; absent counts as active. */
  readonly state?: string | undefined;
  /** `wait_event_type` and `wait_event`; absent while it computes. */
  readonly type?: string | undefined;
  readonly event?: string | undefined;
}

/** A session of MySQL or MariaDB as the Performance Schema or the process list shows it. */
export interface MysqlSession {
  /** `PROCESSLIST_COMMAND`; absent counts as a query. */
  readonly command?: string | undefined;
  /** `PROCESSLIST_STATE`, or the name of the current stage. */
  readonly state?: string | undefined;
  /** `EVENT_NAME` of the innermost wait that has not ended. */
  readonly event?: string | undefined;
  /** The session stands in `data_lock_waits` or `INNODB_LOCK_WAITS`: no event of MySQL tells that. */
  readonly waitsForRow?: boolean | undefined;
}

const idleCommands: ReadonlySet<string> = new Set(["Sleep", "Daemon", "Binlog Dump", "Binlog Dump GTID"]);

/** Instruments whose category is remembered by their name as the server writes it; a server has about a thousand. */
const maxRemembered = 4_096;

/** Says what category a wait has. Names that its tables do not know fall where their type or prefix does, and are counted. */
export class WaitCatalogue {
  readonly unknown = new UnknownEvents();
  readonly #remembered = new Map<string, WaitCategory>();

  /** A session that is not in the middle of a request is idle, whatever it waits for. */
  postgresql({ state, type, event }: PostgresqlSession): WaitCategory {
    if (state !== undefined && state !== "active" && state !== "fastpath function call") return "idle";
    if (type === undefined || type === "") return "cpu";
    const events = postgresqlEventTypes.get(type) ?? postgresqlEventTypes.get(type.toLowerCase());
    const name = event ?? "";
    const category = events?.events.get(name) ?? events?.events.get(name.toLowerCase());
    if (category !== undefined) return category;
    if (events?.open !== true) this.unknown.count(`${type}:${name}`);
    return events?.fallback ?? "other";
  }

  mysql({ command, state, event, waitsForRow }: MysqlSession): WaitCategory {
    if (waitsForRow === true) return "lock_row";
    if (command !== undefined && idleCommands.has(command)) return "idle";
    const category = event === undefined || event === "" ? "cpu" : this.#instrument(event);
    return category === "cpu" && state !== undefined ? this.#stage(state) : category;
  }

  #instrument(event: string): WaitCategory {
    const remembered = this.#remembered.get(event);
    if (remembered !== undefined) return remembered;
    const name = event.toLowerCase();
    if (name.startsWith("stage/")) return this.#stage(name.slice(name.indexOf("/", 6) + 1));
    const known = longestPrefix(mysqlInstruments, name);
    if (known !== undefined) {
      if (this.#remembered.size < maxRemembered) this.#remembered.set(event, known);
      return known;
    }
    this.unknown.count(event);
    return longestPrefix(mysqlFamilies, name) ?? "other";
  }

  #stage(state: string): WaitCategory {
    const category = mysqlStages.get(state.toLowerCase());
    if (category !== undefined) return category;
    if (!state.toLowerCase().startsWith("waiting ")) return "cpu";
    this.unknown.count(state);
    return "other";
  }
}

/** What the table says of a name, or else of what is left of it without its last parts. */
function longestPrefix(table: ReadonlyMap<string, WaitCategory>, name: string): WaitCategory | undefined {
  for (
    let end = name.length;
    end > 0;
    end = Math.max(name.lastIndexOf("/", end - 1), name.lastIndexOf("::", end - 1))
  ) {
    const category = table.get(name.slice(0, end));
    if (category !== undefined) return category;
  }
  return undefined;
}
