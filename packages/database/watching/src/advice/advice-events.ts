import { createHash } from "node:crypto";
import type { LogsBuilder } from "@dbintel/pdata";
import type { AdviceKind, AdviceSeverity } from "./advice.ts";
import { adviceKey, type OpenAdvice } from "./advice-memory.ts";

export const adviceEvent = "db.advice";

/** What names the thing that an advice is about, in the words of its database system. */
export type AdviceAttributes = Readonly<Record<string, string | undefined>>;

/** Severity numbers of OpenTelemetry's logs. */
const severityNumbers: Readonly<Record<AdviceSeverity, number>> = { info: 9, warning: 13, critical: 17 };

/** One log record for an advice that has appeared or is gone. */
export function addAdvice(
  logs: LogsBuilder,
  args: {
    readonly advice: OpenAdvice;
    readonly rule: AdviceKind | undefined;
    readonly state: "open" | "resolved";
    /** The database, for the identity of the advice. Of the server as a whole: `undefined`. */
    readonly database: string | undefined;
    readonly server: string;
    readonly attributes: AdviceAttributes;
    readonly timeUnixNano: bigint;
    readonly observedUnixNano: bigint;
  },
): void {
  const { advice, rule, state, database, server, attributes, timeUnixNano, observedUnixNano } = args;
  const severity = rule?.severity ?? "info";
  const evidence = Object.entries(advice.evidence).map(
    ([name, value]) => [`dbintel.advice.evidence.${name}`, value] as const,
  );
  const id = createHash("sha256").update(JSON.stringify([server, database, adviceKey(advice)]));
  logs.record({
    ...{ timeUnixNano, observedTimeUnixNano: observedUnixNano, eventName: adviceEvent },
    ...{ severityNumber: state === "open" ? severityNumbers[severity] : severityNumbers.info },
    attributes: {
      ...attributes,
      "db.collection.name": advice.relation,
      "dbintel.advice.id": id.digest("hex").slice(0, 16),
      "dbintel.advice.rule": advice.rule,
      "dbintel.advice.state": state,
      "dbintel.advice.severity": severity,
      "dbintel.advice.object": advice.object,
      "dbintel.advice.columns": advice.columns,
      "dbintel.advice.message": rule?.message,
      "dbintel.advice.sql": state === "open" ? advice.sql : undefined,
      "dbintel.advice.since_time_unix_nano": BigInt(advice.sinceMicros) * 1000n,
      ...Object.fromEntries(evidence),
    },
  });
}
