/** A consumer, or a group of instruments, without which something is not measured. */
export interface Wanted {
  /** The consumer; of instruments the pattern of LIKE. */
  readonly name: string;
  /** What is measured with it. */
  readonly purpose: string;
  /** Whether a whole part of the receiver has nothing to read without it. */
  readonly essential: boolean;
  readonly turnOn: string;
  /** The line of the server's configuration that has the same effect from its start on. */
  readonly lasting: string;
}

function consumer(name: string, purpose: string, essential = false): Wanted {
  return {
    ...{ name, purpose, essential },
    turnOn: `UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME = '${name}';`,
    lasting: `performance-schema-consumer-${name.replaceAll("_", "-")} = ON`,
  };
}

function instruments(name: string, purpose: string, essential = false): Wanted {
  return {
    ...{ name, purpose, essential },
    turnOn: `UPDATE performance_schema.setup_instruments SET ENABLED = 'YES', TIMED = 'YES' WHERE NAME LIKE '${name}';`,
    lasting: `performance-schema-instrument = '${name}=ON'`,
  };
}

/** The consumers that the receiver reads from; a server has them or is too old for them. */
export const wantedConsumers: readonly Wanted[] = [
  consumer("global_instrumentation", "nothing is measured without it", true),
  consumer("thread_instrumentation", "nothing is measured by session without it", true),
  consumer("statements_digest", "statements are counted by it", true),
  consumer("events_statements_current", "the statements that run now"),
  consumer("events_statements_history", "the statements that ended between two looks"),
  consumer("events_statements_cpu", "the CPU time of statements"),
  consumer("events_waits_current", "what sessions wait for"),
];

/** The instruments of what those consumers get. */
export const wantedInstruments: readonly Wanted[] = [
  instruments("statement/%", "statements are measured by them", true),
  instruments("wait/io/table/%", "what tables and indexes are used for"),
  instruments("wait/lock/%", "who waits for whom"),
];
