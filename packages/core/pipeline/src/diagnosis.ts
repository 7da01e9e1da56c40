import type { Signal } from "@dbintel/pdata";
import type { Host } from "./host.ts";

/** How a check ended: `warn` for what costs detail or speed, `fail` for what keeps a part from working. */
export const checkStatuses = ["ok", "warn", "fail", "skipped"] as const;
export type CheckStatus = (typeof checkStatuses)[number];

/** Statements for a person to run, never run by the collector. Running them again changes nothing. */
export interface Repair {
  /** The line that brings the client into the right database, such as `\connect shop`; absent where any will do. */
  readonly enter?: string;
  /** Whose administrator runs it where that is not the examined server, such as "its primary". */
  readonly place?: string;
  /** Each with its semicolon, in order. */
  readonly sql: readonly string[];
  /** What has to happen afterwards, such as a restart of the server. */
  readonly afterwards?: string;
}

/** One answer of `dbintel doctor`. Texts that come from outside need not be clean: the command strips them. */
export interface Check {
  /** One of the component's {@link Diagnosis.checks}. */
  readonly code: string;
  readonly status: CheckStatus;
  /** What was found, one sentence without a full stop. Never holds a secret. */
  readonly message: string;
  /** What to do, where SQL does not say it or does not suffice. */
  readonly hint?: string | undefined;
  readonly repair?: Repair | undefined;
}

/** Something outside that a component depends on: a database server, an endpoint. */
export interface Subject {
  /** `host:port` or a URL, as messages may show it. */
  readonly name: string;
  /** Examines it, the cheapest question first. `signal` ends everything; a check that throws is told as a defect. */
  examine(args: { readonly host: Host; readonly signal: AbortSignal }): AsyncIterable<Check>;
}

/** How `dbintel doctor` examines what a component depends on, without the component itself being started. */
export interface Diagnosis<Config> {
  /** Every code with what it is about, in the order in which checks are made and listed. A code keeps its meaning. */
  readonly checks: Readonly<Record<string, string>>;
  /** What these settings make the component depend on. Rejects with a `DbintelError` when they cannot be followed. */
  subjects(args: {
    readonly id: string;
    readonly config: Config;
    /** The signals of the pipelines that name the component. */
    readonly signals: readonly Signal[];
  }): Promise<readonly Subject[]>;
}
