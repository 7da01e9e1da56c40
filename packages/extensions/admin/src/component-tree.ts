import type { TextScrubber } from "@dbintel/pii";
import type { CollectorView, Control, RunningComponent } from "@dbintel/pipeline";

/**
 * The components by section of the configuration, processors below their pipelines, with states and accounts. What is
 * said of an error may be in the words of a destination, which repeats what it was sent: they are verified as records are.
 */
export function componentTree(collector: CollectorView, control: Control, scrubber: TextScrubber): object {
  const components = control.accounts();
  const of = (kind: RunningComponent["kind"]) => components.filter((component) => component.kind === kind);
  const shown = (component: RunningComponent) => stateOf(component, scrubber);
  const byId = (kind: RunningComponent["kind"]) => Object.fromEntries(of(kind).map((each) => [each.id, shown(each)]));
  const pipelines = Map.groupBy(of("processor"), ({ pipeline = "" }) => pipeline);
  return {
    ready: collector.ready,
    last_reload: reloadShown(control),
    extensions: byId("extension"),
    receivers: byId("receiver"),
    pipelines: Object.fromEntries(
      [...pipelines].map(([id, processors]) => [
        id,
        { processors: Object.fromEntries(processors.toReversed().map((each) => [each.id, shown(each)])) },
      ]),
    ),
    connectors: byId("connector"),
    exporters: byId("exporter"),
  };
}

/** The last reload as JSON has it; `null` when there was none. */
export function reloadShown({ lastReload }: Pick<Control, "lastReload">): object | null {
  if (lastReload === undefined) return null;
  const { unixNano, ...report } = lastReload;
  return { ...report, time: rfc3339(unixNano) };
}

function stateOf({ status, sinceUnixNano, ledger }: RunningComponent, scrubber: TextScrubber) {
  const accounts = [...ledger.entries()].map(([signal, { received, sent, refused, dropped, held }]) => {
    return [signal, { received, sent, refused, dropped: Object.fromEntries(dropped), held }];
  });
  return {
    state: status.state,
    since: rfc3339(sinceUnixNano),
    ...("message" in status ? { message: scrubber.scrub(status.message), hint: status.hint } : {}),
    accounts: Object.fromEntries(accounts),
  };
}

function rfc3339(unixNano: bigint): string {
  return new Date(Number(unixNano / 1_000_000n)).toISOString();
}
