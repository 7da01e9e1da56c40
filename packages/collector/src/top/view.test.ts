import { describe, expect, it } from "vitest";
import type { ComponentTree } from "./component-tree.ts";
import { type Moment, viewOf } from "./view.ts";
import { viewTable } from "./view-table.ts";

const nothing = { receivers: {}, pipelines: {}, connectors: {}, exporters: {}, extensions: {} };

function moment(monotonicMs: number, tree: Partial<ComponentTree>, metrics?: string): Moment {
  return { monotonicMs, tree: { ready: true, ...nothing, ...tree }, metrics };
}

const account = (received: number, sent: number, dropped = {}) => ({ received, sent, refused: 0, dropped, held: 0 });
const exporter = (received: number, sent: number) => ({
  exporters: { "x/eu": { state: "ok", accounts: { logs: account(received, sent) } } },
});

describe("what top shows", () => {
  it("is what has happened between two looks", () => {
    const [first] = viewOf(moment(0, exporter(100, 90)), moment(2000, exporter(110, 110))).components;
    expect(first).toMatchObject({ component: "exporter/x/eu", flows: [{ in_per_second: 5, out_per_second: 10 }] });
  });

  it("counts from zero what was exchanged or is new", () => {
    const [exchanged] = viewOf(moment(0, exporter(100, 90)), moment(2000, exporter(4, 2))).components;
    expect(exchanged?.flows).toMatchObject([{ in_per_second: 2, out_per_second: 1 }]);
    const [added] = viewOf(moment(0, {}), moment(2000, exporter(4, 2))).components;
    expect(added?.flows).toMatchObject([{ in_per_second: 2, out_per_second: 1 }]);
  });

  it("has queues and breakers from the metrics", () => {
    const metrics = `# TYPE otelcol_exporter_queue_size gauge
otelcol_exporter_queue_size{exporter="x/eu",data_type="logs"} 3
otelcol_exporter_queue_size{exporter="x",data_type="logs"} 4
otelcol_exporter_queue_capacity{exporter="x/eu",data_type="logs",note="a \\"b\\"} c"} 7
dbintel_exporter_breaker_state{exporter="x/eu",state="closed"} 0
dbintel_exporter_breaker_state{exporter="x/eu",state="open"} 1
dbintel_circuit_breaker_circuits{processor="circuit_breaker",state="half_open"} 2
dbintel_circuit_breaker_circuits{processor="circuit_breaker",state="open"} 0
`;
    const breaker = { state: "ok", accounts: { logs: account(9, 8, { open: 1 }) } };
    const tree = { ...exporter(1, 1), pipelines: { "logs/2": { processors: { circuit_breaker: breaker } } } };
    const view = viewOf(moment(0, tree), moment(1000, tree, metrics));
    expect(view.components).toMatchObject([
      { component: "processor/circuit_breaker@logs/2", breakers: { half_open: 2 } },
      { component: "exporter/x/eu", breakers: { open: 1 }, flows: [{ queue: { size: 3, capacity: 7 } }] },
    ]);
    expect(viewTable(view, { label: "here", columns: undefined })).toBe(`here: ready, 2 components, 0 in an error

component                         state  signal  in/s  out/s  held  queue  breakers     dropped
processor/circuit_breaker@logs/2  ok     logs       0      0     0         2 half_open  open 1
exporter/x/eu                     ok     logs       0      0     0    3/7  1 open`);
  });

  it("says what it does not know", () => {
    const view = viewOf(moment(0, {}), moment(1000, {}));
    expect(viewTable(view, { label: "here", columns: 60 })).toMatch(
      /Queues and breakers are unknown: service.telemetr.*…$/,
    );
  });
});
