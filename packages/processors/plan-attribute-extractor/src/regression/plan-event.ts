import { type AnyValue, type Logs, logsBuilder } from "@dbintel/pdata";
import { describeDifferences, diffPlans, type Plan, type RegressionEvent, regressionAdvice } from "@dbintel/plans";
import type { WaitShift } from "@dbintel/waits";
import type { Statement } from "./statement.ts";

const infoSeverity = 9;
const warnSeverity = 13;
const names = { change: "db.plan.change", regression: "db.plan.regression", recovery: "db.plan.recovery" } as const;

/** The log record `db.plan.change`, `db.plan.regression` or `db.plan.recovery`. */
export function planEvent(args: {
  readonly event: RegressionEvent;
  readonly statement: Statement;
  readonly planOf: (hash: string) => Plan | undefined;
  readonly unixNano: bigint;
  readonly build: { readonly name: string; readonly version: string };
}): Logs {
  const { event, statement, unixNano, build } = args;
  const [before, after] = event.kind === "recovery" ? ["", event.plan] : [event.before, event.after];
  const plans = { before: args.planOf(before), after: args.planOf(after) };
  const difference = differenceOf(plans);
  const advice = event.kind === "regression" ? regressionAdvice({ cause: event.cause, ...plans }).join("\n") : "";
  const bad = event.kind === "regression";
  return logsBuilder()
    .resource({ attributes: { ...statement.server } })
    .scope({ name: "@dbintel/processor-plan-attribute-extractor", version: build.version })
    .record({
      timeUnixNano: unixNano,
      observedTimeUnixNano: unixNano,
      severityNumber: bad ? warnSeverity : infoSeverity,
      severityText: bad ? "WARN" : "INFO",
      eventName: names[event.kind],
      body: [headline(event), statement.text, difference, advice].filter((part) => part !== "").join("\n"),
      attributes: {
        "db.namespace": statement.database || undefined,
        "db.query.fingerprint": statement.fingerprint,
        "db.query.text": statement.text || undefined,
        "db.query.plan.hash": after || undefined,
        "db.query.plan.previous_hash": before || undefined,
        "db.query.plan.difference": difference || undefined,
        "db.plan.recommendation": advice || undefined,
        ...figures(event),
      },
    })
    .build();
}

/** Both plans in words; "" where one of them is not known. */
function differenceOf({
  before,
  after,
}: {
  readonly before: Plan | undefined;
  readonly after: Plan | undefined;
}): string {
  return before === undefined || after === undefined ? "" : describeDifferences(diffPlans(before, after));
}

function headline(event: RegressionEvent): string {
  if (event.kind === "change") return "another plan";
  const { ratio, usualMs, currentMs } = event;
  const times = `${milliseconds(currentMs)} a call, usually ${milliseconds(usualMs)}`;
  if (event.kind === "recovery") return `as fast as before: ${times}`;
  return `${ratio.toPrecision(2)} times slower (${event.cause}): ${times}`;
}

function milliseconds(value: number): string {
  return `${Number(value.toPrecision(3))} ms`;
}

function figures(event: RegressionEvent): Record<string, AnyValue> {
  if (event.kind === "change") return {};
  return {
    "db.plan.ratio": event.ratio,
    "db.plan.ratio_low": event.ratioLow,
    "db.plan.ratio_high": event.ratioHigh,
    "db.plan.p_value": event.pValue,
    ...(event.rankPValue === undefined ? {} : { "db.plan.rank_p_value": event.rankPValue }),
    "db.plan.usual_ms": event.usualMs,
    "db.plan.current_ms": event.currentMs,
    "db.plan.impact": event.impact,
    ...(event.kind === "regression" ? { "db.plan.cause": event.cause, ...waits(event.waitShift) } : {}),
  };
}

/** What sessions with the statement wait for now, and the share of their time that it had before and has now. */
function waits(shift: WaitShift | undefined): Record<string, AnyValue> {
  if (shift === undefined) return {};
  const { category, before, after } = shift.gained;
  return {
    "db.plan.wait_category": category,
    "db.plan.wait_share_before": before,
    "db.plan.wait_share": after,
    "db.plan.wait_p_value": shift.pValue,
  };
}
