import { type Logs, logsBuilder } from "@dbintel/pdata";
import type { StepChange } from "./budget.ts";
import type { CostControlConfig } from "./config.ts";
import { stepNumber } from "./ladder.ts";

const infoSeverity = 9;

/** The log record `telemetry.budget.step`. */
export function stepEvent(args: {
  readonly id: string;
  readonly change: StepChange;
  readonly config: CostControlConfig;
  readonly build: { readonly name: string; readonly version: string };
}): Logs {
  const { id, change, config, build } = args;
  const whole = (bytes: number) => (Number.isFinite(bytes) ? BigInt(bytes) : undefined);
  return logsBuilder()
    .resource({ attributes: { "service.name": build.name, "service.version": build.version } })
    .scope({ name: "@dbintel/processor-cost-control", version: build.version })
    .record({
      timeUnixNano: change.unixNano,
      observedTimeUnixNano: change.unixNano,
      severityNumber: infoSeverity,
      severityText: "INFO",
      eventName: "telemetry.budget.step",
      body: `telemetry budget ${id}: ${change.from} → ${change.to}`,
      attributes: {
        "telemetry.budget.id": id,
        "telemetry.budget.step": change.to,
        "telemetry.budget.step_number": BigInt(stepNumber(change.to)),
        "telemetry.budget.previous_step": change.from,
        "telemetry.budget.pressure": Number.isFinite(change.pressure) ? change.pressure : undefined,
        "telemetry.budget.used_bytes": whole(change.usedBytes),
        "telemetry.budget.limit_bytes": whole(change.limitBytes),
        "telemetry.budget.saved_bytes": whole(change.savedBytes),
        "telemetry.budget.saved_usd": change.savedUsd,
        "telemetry.budget.price_date": config.price_date,
        "telemetry.budget.region": config.region || undefined,
        "telemetry.budget.plan": config.plan || undefined,
      },
    })
    .build();
}
