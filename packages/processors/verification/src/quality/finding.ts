import { type Logs, logsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";

const warnSeverity = 13;

export const findingCategories = [
  "required_field",
  "data_type",
  "cardinality",
  "normalization",
  "entity_correlation",
  "quality_score",
  "data_freshness",
  "verification_query",
  "system_health",
  "tuning",
] as const;
export type FindingCategory = (typeof findingCategories)[number];

/** Something about the quality of the data or the health of the collector, with what says so. */
export interface Finding {
  readonly category: FindingCategory;
  /** What it is about: an attribute, a source, a reading, the name of a question. */
  readonly subject: string;
  readonly message: string;
  readonly remediation: string;
  /** Named numbers; units are in the names. */
  readonly evidence: Readonly<Record<string, number>>;
}

/** The log record `telemetry.quality.finding`. */
export function findingEvent({ build, clock }: Pick<Host, "build" | "clock">, finding: Finding): Logs {
  const unixNano = clock.unixNano();
  const { category, subject, message, remediation, evidence } = finding;
  return logsBuilder()
    .resource({ attributes: { "service.name": build.name, "service.version": build.version } })
    .scope({ name: "@dbintel/processor-verification", version: build.version })
    .record({
      timeUnixNano: unixNano,
      observedTimeUnixNano: unixNano,
      severityNumber: warnSeverity,
      severityText: "WARN",
      eventName: "telemetry.quality.finding",
      body: message,
      attributes: {
        "telemetry.quality.category": category,
        "telemetry.quality.subject": subject,
        "telemetry.quality.remediation": remediation,
        ...Object.fromEntries(
          Object.entries(evidence).map(([name, value]) => [`telemetry.quality.evidence.${name}`, value]),
        ),
      },
    })
    .build();
}
