import type { TextScrubber } from "@dbintel/pii";
import type { CollectorView, ComponentStatus, ComponentView } from "@dbintel/pipeline";

/** What a probe is told. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** 200 while the collector is ready, else 503: between its start and the moment when all has started, and at shutdown. */
export function readiness(
  collector: CollectorView,
  options: {
    readonly bodies: { readonly healthy: string; readonly unhealthy: string };
    readonly startedUnixNano: bigint;
    readonly nowUnixNano: bigint;
  },
): Answer {
  const { bodies, startedUnixNano, nowUnixNano } = options;
  if (!collector.ready) {
    return { status: 503, body: bodies.unhealthy || JSON.stringify({ status: "Server not available" }) };
  }
  const body = {
    status: "Server available",
    upSince: rfc3339(startedUnixNano),
    uptime: goDuration(nowUnixNano - startedUnixNano),
  };
  return { status: 200, body: bodies.healthy || JSON.stringify(body) };
}

const stateNames: Readonly<Record<ComponentStatus["state"], string>> = {
  starting: "StatusStarting",
  ok: "StatusOK",
  recoverable_error: "StatusRecoverableError",
  permanent_error: "StatusPermanentError",
  stopping: "StatusStopping",
  stopped: "StatusStopped",
};

/**
 * The state of the whole, and with `verbose` of each component, in the shape of the OpenTelemetry Collector's
 * healthcheckv2 extension. As there by default, an error of a component is shown but does not make the collector
 * unhealthy: restarting it would not repair a database, and would stop the pipelines that work. What is said of an error
 * may be in the words of a destination, which repeats what it was sent: it is verified as records are.
 */
export function statusReport(
  collector: CollectorView,
  { verbose, scrubber }: { readonly verbose: boolean; readonly scrubber: TextScrubber },
): Answer {
  const components = collector.components();
  const whole = {
    healthy: collector.ready,
    status: stateNames[collector.ready ? worst(components) : transition(components)],
  };
  const named = (component: ComponentView) => [nameOf(component), shown(component, scrubber)];
  const body = verbose ? { ...whole, components: Object.fromEntries(components.map(named)) } : whole;
  return { status: collector.ready ? 200 : 503, body: JSON.stringify(body) };
}

/** From harmless to grave, for the state of the whole. */
const gravity: readonly ComponentStatus["state"][] = [
  "ok",
  "starting",
  "stopping",
  "stopped",
  "recoverable_error",
  "permanent_error",
];

function worst(components: readonly ComponentView[]): ComponentStatus["state"] {
  const grave = components.map(({ status }) => gravity.indexOf(status.state));
  return gravity[Math.max(0, ...grave)] ?? "ok";
}

/** Which way a collector that is not ready goes. */
function transition(components: readonly ComponentView[]): "starting" | "stopping" {
  return components.some(({ status: { state } }) => state === "stopping" || state === "stopped")
    ? "stopping"
    : "starting";
}

function nameOf({ kind, id, pipeline }: ComponentView): string {
  return pipeline === undefined ? `${kind}:${id}` : `${kind}:${id}@${pipeline}`;
}

function shown({ status, sinceUnixNano }: ComponentView, scrubber: TextScrubber) {
  return {
    healthy: status.state === "ok",
    status: stateNames[status.state],
    status_time: rfc3339(sinceUnixNano),
    ...("message" in status ? { error: scrubber.scrub(status.message), hint: status.hint } : {}),
  };
}

function rfc3339(unixNano: bigint): string {
  return new Date(Number(unixNano / 1_000_000n)).toISOString();
}

/** Go's way to write a duration, in milliseconds: `1h2m3.004s`. */
function goDuration(nanos: bigint): string {
  const ms = Number(nanos / 1_000_000n);
  const seconds = `${(ms % 60_000) / 1000}s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}
