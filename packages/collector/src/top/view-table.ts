import { printable } from "@dbintel/watching";
import { textTable } from "../text-table.ts";
import type { Flow, Line, View } from "./view.ts";

const columns = [
  { title: "component" },
  { title: "state" },
  { title: "signal" },
  { title: "in/s", align: "right" },
  { title: "out/s", align: "right" },
  { title: "held", align: "right" },
  { title: "queue", align: "right" },
  { title: "breakers" },
  { title: "dropped" },
] as const;

/** A row for each signal of each component, then what is wrong and what to do about it. */
export function viewTable(
  view: View,
  options: { readonly label: string; readonly columns: number | undefined },
): string {
  const { ready, components, metrics } = view;
  const troubled = components.filter(({ message }) => message !== undefined);
  const head = `${options.label}: ${ready ? "ready" : "not ready"}, ${components.length} components, ${troubled.length} in an error`;
  const table = textTable(columns, components.flatMap(rowsOf)).split("\n");
  const notes = troubled.flatMap(({ component, message = "", hint }) => [
    `${component}: ${message}`,
    ...(hint === undefined ? [] : [`    ${hint}`]),
  ]);
  if (!metrics) notes.push("Queues and breakers are unknown: service.telemetry.metrics has no Prometheus reader.");
  return [head, "", ...table, ...(notes.length === 0 ? [] : ["", ...notes])]
    .map((line) => fitted(printable(line), options.columns))
    .join("\n");
}

function rowsOf({ component, state, breakers, flows }: Line): readonly (readonly string[])[] {
  const open = Object.entries(breakers).map(([each, count]) => `${count} ${each}`);
  if (flows.length === 0) return [[component, state, "", "", "", "", "", open.join(", ")]];
  return flows.map((flow, index) =>
    index === 0 ? [component, state, ...cells(flow, open.join(", "))] : ["", "", ...cells(flow, "")],
  );
}

function cells({ signal, in_per_second, out_per_second, held, queue, dropped }: Flow, breakers: string) {
  return [
    signal,
    rateText(in_per_second),
    rateText(out_per_second),
    String(held),
    queue === undefined ? "" : `${queue.size}/${queue.capacity}`,
    breakers,
    Object.entries(dropped)
      .sort(([, first], [, second]) => second.total - first.total)
      .map(([reason, { total, per_second }]) => {
        return per_second === 0 ? `${reason} ${total}` : `${reason} ${total} (${rateText(per_second)}/s)`;
      })
      .join(", "),
  ];
}

function rateText(perSecond: number): string {
  return perSecond === 0 || perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toPrecision(2);
}

function fitted(line: string, width: number | undefined): string {
  return width === undefined || line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
