import { type Account, type ComponentTree, inOrder, type NamedComponent } from "./component-tree.ts";
import { type Sample, samplesOf } from "./samples.ts";

/** A collector at one moment, as its admin endpoint tells it. */
export interface Moment {
  readonly monotonicMs: number;
  readonly tree: ComponentTree;
  /** Prometheus text; `undefined` where the collector serves none. */
  readonly metrics: string | undefined;
}

/** What came, went and stays of one signal in one component. Rates are items a second since the moment before. */
export interface Flow {
  readonly signal: string;
  readonly in_per_second: number;
  readonly out_per_second: number;
  readonly held: number;
  /** Of an exporter with a queue, in the unit of its sizer. */
  readonly queue: { readonly size: number; readonly capacity: number } | undefined;
  /** By reason, since the start of the component; `refused` is what the sender got back. */
  readonly dropped: Readonly<Record<string, { readonly total: number; readonly per_second: number }>>;
}

/** One component. */
export interface Line {
  readonly component: string;
  readonly state: string;
  readonly message: string | undefined;
  readonly hint: string | undefined;
  /** How many breakers of it are not closed, by state; empty where all are, or where it has none. */
  readonly breakers: Readonly<Record<string, number>>;
  readonly flows: readonly Flow[];
}

/** What `top` shows. */
export interface View {
  readonly ready: boolean;
  /** Whether queues and breakers are known. */
  readonly metrics: boolean;
  readonly components: readonly Line[];
}

const names = {
  queueSize: "otelcol_exporter_queue_size",
  queueCapacity: "otelcol_exporter_queue_capacity",
  circuits: "dbintel_circuit_breaker_circuits",
  destination: "dbintel_exporter_breaker_state",
} as const;

/** What has happened between two moments. */
export function viewOf(before: Moment, now: Moment): View {
  const seconds = (now.monotonicMs - before.monotonicMs) / 1000;
  const samples = samplesOf(now.metrics ?? "", new Set(Object.values(names)));
  const earlier = new Map(inOrder(before.tree).map((component) => [component.name, component]));
  return {
    ready: now.tree.ready,
    metrics: now.metrics !== undefined,
    components: inOrder(now.tree).map((component) => ({
      component: component.name,
      state: component.state,
      message: component.message,
      hint: component.hint,
      breakers: breakersOf(component, samples),
      flows: Object.entries(component.accounts).map(([signal, account]) => ({
        signal,
        ...ratesOf(account, earlier.get(component.name)?.accounts[signal], seconds),
        held: account.held,
        queue: queueOf(component, signal, samples),
      })),
    })),
  };
}

const nothing: Account = { received: 0, sent: 0, refused: 0, dropped: {}, held: 0 };

function ratesOf(now: Account, before: Account = nothing, seconds: number) {
  // A component that was exchanged begins at zero again.
  const rate = (total: number, earlier = 0) => (total < earlier ? total : total - earlier) / seconds;
  const given = Object.entries({ ...now.dropped, ...(now.refused > 0 ? { refused: now.refused } : {}) });
  const past: Readonly<Record<string, number>> = { ...before.dropped, refused: before.refused };
  return {
    in_per_second: rate(now.received, before.received),
    out_per_second: rate(now.sent, before.sent),
    dropped: Object.fromEntries(
      given.map(([reason, total]) => [reason, { total, per_second: rate(total, past[reason]) }]),
    ),
  };
}

function queueOf({ kind, id }: NamedComponent, signal: string, samples: readonly Sample[]): Flow["queue"] {
  if (kind !== "exporter") return undefined;
  const value = (name: string) =>
    samples.find((each) => each.name === name && each.labels.exporter === id && each.labels.data_type === signal)
      ?.value;
  const [size, capacity] = [value(names.queueSize), value(names.queueCapacity)];
  return size === undefined || capacity === undefined ? undefined : { size, capacity };
}

/** Those of a processor for databases, that of an exporter for its destination. */
function breakersOf({ id, kind }: NamedComponent, samples: readonly Sample[]): Line["breakers"] {
  const counted = samples.filter(({ name }) => name === names.circuits || name === names.destination);
  const own = counted.filter(({ labels, value }) => labels[kind] === id && labels.state !== "closed" && value > 0);
  return Object.fromEntries(own.map(({ labels, value }) => [labels.state ?? "", value]));
}
