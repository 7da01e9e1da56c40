import type { Signal } from "@dbintel/pdata";
import { componentStates, type LedgerEntry, type RunningComponent } from "@dbintel/pipeline";
import type { Attributes, Meter, Observable } from "@opentelemetry/api";

/** What the OpenTelemetry Collector calls items of a signal in names of metrics. */
const itemNames: Readonly<Record<Signal, string>> = { logs: "log_records", metrics: "metric_points", traces: "spans" };

interface Observation {
  readonly component: RunningComponent;
  readonly signal: Signal;
  readonly entry: LedgerEntry;
}

interface CounterDescription {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly applies: (observation: Observation) => boolean;
  readonly attributes: (observation: Observation) => Attributes;
  readonly value: (entry: LedgerEntry) => number;
}

const droppedOf = ({ dropped }: LedgerEntry) => [...dropped.values()].reduce((sum, items) => sum + items, 0);

/** Names and labels of the OpenTelemetry Collector, so that its dashboards work. */
const collectorCounters: readonly CounterDescription[] = [
  ...(["logs", "metrics", "traces"] as const).flatMap((signal): readonly CounterDescription[] => {
    const items = itemNames[signal];
    const of = (kind: string) => (observation: Observation) =>
      observation.signal === signal && observation.component.kind === kind;
    const labelled =
      (label: string) =>
      ({ component: { id, transport } }: Observation) => ({
        [label]: id,
        ...(transport === undefined ? {} : { transport }),
      });
    const counter = (kind: string, word: string, description: string, value: CounterDescription["value"]) => ({
      name: `otelcol_${kind}_${word}_${items}`,
      description,
      unit: `{${items}}`,
      applies: of(kind),
      attributes: labelled(kind),
      value,
    });
    return [
      counter("receiver", "accepted", "Items that the pipelines took from the receiver.", ({ sent }) => sent),
      counter("receiver", "refused", "Items that the pipelines did not take.", ({ refused }) => refused),
      counter("exporter", "sent", "Items that the destination took.", ({ sent }) => sent),
      counter("exporter", "send_failed", "Items that were given up.", droppedOf),
      counter("exporter", "enqueue_failed", "Items that the full queue did not take.", ({ refused }) => refused),
    ];
  }),
  ...(["incoming", "outgoing"] as const).map(
    (direction): CounterDescription => ({
      name: `otelcol_processor_${direction}_items`,
      description: direction === "incoming" ? "Items given to the processor." : "Items passed on by the processor.",
      unit: "{item}",
      applies: ({ component }) => component.kind === "processor",
      attributes: ({ component, signal }) => ({
        processor: component.id,
        "otel.signal": signal,
        pipeline: component.pipeline ?? "",
      }),
      value: ({ received, sent }) => (direction === "incoming" ? received : sent),
    }),
  ),
];

const placeOf = ({ component, signal }: Observation): Attributes => ({
  kind: component.kind,
  id: component.id,
  ...(component.pipeline === undefined ? {} : { pipeline: component.pipeline }),
  signal,
});

/** Our own ledger, column by column. */
const ledgerCounters: readonly CounterDescription[] = (
  [
    ["received", "Items that came in."],
    ["sent", "Items that someone downstream or the destination took."],
    ["refused", "Items given back to the sender, which still has them."],
  ] as const
).map(([column, description]) => ({
  name: `dbintel_component_${column}_items`,
  description,
  unit: "{item}",
  applies: () => true,
  attributes: placeOf,
  value: (entry) => entry[column],
}));

/**
 * Publishes ledgers and states of the components, read when somebody asks: the data path only adds to plain fields.
 * Returns a function that ends the reading; the SDK goes on to show a series that is no longer observed with its last
 * value, which is why a state that was left has to be observed as 0.
 */
export function observeComponents(meter: Meter, components: () => readonly RunningComponent[]): () => void {
  const counters = [...collectorCounters, ...ledgerCounters].map((description) => ({
    ...description,
    instrument: meter.createObservableCounter(description.name, {
      description: description.description,
      unit: description.unit,
    }),
  }));
  const dropped = meter.createObservableCounter("dbintel_component_dropped_items", {
    description: "Items given up for good, by reason.",
    unit: "{item}",
  });
  const held = meter.createObservableGauge("dbintel_component_held_items", {
    description: "Items taken and not passed on: received - sent - refused - dropped.",
    unit: "{item}",
  });
  const status = meter.createObservableGauge("dbintel_component_status", {
    description: "1 for the state that the component is in, 0 for the others.",
  });
  const instruments: Observable[] = [...counters.map(({ instrument }) => instrument), dropped, held, status];
  const observe: Parameters<Meter["addBatchObservableCallback"]>[0] = (result) => {
    for (const component of components()) {
      const { kind, id, pipeline } = component;
      const own = { kind, id, ...(pipeline === undefined ? {} : { pipeline }) };
      for (const state of componentStates) {
        result.observe(status, component.status.state === state ? 1 : 0, { ...own, state });
      }
      for (const [signal, entry] of component.ledger.entries()) {
        const observation = { component, signal, entry };
        for (const { instrument, applies, attributes, value } of counters) {
          if (applies(observation)) result.observe(instrument, value(entry), attributes(observation));
        }
        const place = placeOf(observation);
        result.observe(held, entry.held, place);
        for (const [reason, items] of entry.dropped) result.observe(dropped, items, { ...place, reason });
      }
    }
  };
  meter.addBatchObservableCallback(observe, instruments);
  return () => meter.removeBatchObservableCallback(observe, instruments);
}
