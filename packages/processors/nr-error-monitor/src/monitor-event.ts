import { breaches, type IntegrationError } from "@dbintel/new-relic";
import { type AnyValue, type Logs, logsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { BreachSummary } from "./breach-book.ts";
import type { PassedBatch } from "./recent-batches.ts";
import type { WideMetric } from "./series-watch.ts";

const warnSeverity = 13;

/** What the monitor knows of an error that New Relic reported. */
export interface ExplainedError {
  readonly error: IntegrationError;
  readonly metric: string | undefined;
  readonly attribute: string | undefined;
  readonly batch: PassedBatch | undefined;
  readonly remedy: string;
  readonly applied: boolean;
  readonly advice: string;
}

/** What the monitor tells of, as a log record. */
export type Finding =
  | { readonly kind: "breach"; readonly breach: BreachSummary }
  | { readonly kind: "cardinality"; readonly wide: WideMetric }
  | { readonly kind: "error"; readonly explained: ExplainedError };

/** The log record of a finding: names, counts and reasons, never a value. */
export function monitorEvent(host: Pick<Host, "build" | "clock">, finding: Finding): Logs {
  const { build, clock } = host;
  const unixNano = clock.unixNano();
  const { eventName, body, attributes } = contentOf(finding);
  return logsBuilder()
    .resource({ attributes: { "service.name": build.name, "service.version": build.version } })
    .scope({ name: "@dbintel/processor-nr-error-monitor", version: build.version })
    .record({
      timeUnixNano: unixNano,
      observedTimeUnixNano: unixNano,
      severityNumber: warnSeverity,
      severityText: "WARN",
      eventName,
      body,
      attributes,
    })
    .build();
}

interface Content {
  readonly eventName: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, AnyValue | undefined>>;
}

function contentOf(finding: Finding): Content {
  if (finding.kind === "breach") {
    const { code, action, signal, metric, attribute, count } = finding.breach;
    return {
      eventName: "newrelic.contract.breach",
      body: `${code}: ${breaches[code]}`,
      attributes: { ...named(code, metric, attribute), action, signal, count: BigInt(count) },
    };
  }
  if (finding.kind === "cardinality") {
    const { metric, series, attribute, values } = finding.wide;
    return {
      eventName: "newrelic.contract.cardinality",
      body: `${metric} has ${series} series today`,
      attributes: {
        ...named("cardinality", metric, attribute),
        series: BigInt(series),
        ...(attribute === undefined ? {} : { values: BigInt(values) }),
      },
    };
  }
  const { error, metric, attribute, batch, remedy, applied, advice } = finding.explained;
  return {
    eventName: "newrelic.integration.error",
    body: `${error.message}\n${applied ? "done" : "to do"}: ${advice}`,
    attributes: {
      ...named(error.kind, metric, attribute),
      feature: error.feature,
      remedy,
      applied,
      "batch.number": batch === undefined ? undefined : BigInt(batch.number),
      "batch.time_unix_nano": batch?.unixNano,
      "batch.items": batch === undefined ? undefined : BigInt(batch.items),
    },
  };
}

function named(category: string, metric: string | undefined, attribute: string | undefined) {
  return { "error.category": category, "metric.name": metric, "attribute.name": attribute };
}
