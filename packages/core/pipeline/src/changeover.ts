import { DbintelError } from "@dbintel/errors";
import type { Assembled } from "./assembly.ts";
import type { Clock } from "./clock.ts";
import { type GraphNode, placeKey } from "./graph-node.ts";
import { startLayers, startOrder, stopLayers } from "./lifecycle.ts";
import type { Outlet } from "./outlet.ts";
import { exclude } from "./same-component.ts";

type Layers = readonly (readonly GraphNode[])[];

export interface ChangeoverArgs {
  readonly from: Assembled;
  /** Assembled with `from` standing. */
  readonly to: Assembled;
  readonly clock: Clock;
  /** For the stopping of what leaves. */
  readonly deadlineMs: number;
  /** Ends the starting of what is new, and the time of what leaves. */
  readonly signal: AbortSignal;
  /** Called at the moment from which on the new configuration runs. */
  readonly onSwitch: () => void;
}

/**
 * Brings a running graph from one configuration to the next. No record is lost or sent twice by it: a call goes the
 * old way or the new way as a whole, and what leaves is stopped when nobody calls it any more.
 *
 * What is new is started first, its outlets held, while the old configuration runs; when something cannot start, it is
 * stopped again and nothing has happened. Where something new needs what something old has (the same address, the
 * same directory), the old one has to stop before: then calls into what changes wait for that time, and when the new
 * one does not start the old one is started again.
 */
export async function changeover(args: ChangeoverArgs): Promise<readonly DbintelError[]> {
  const { from, to, clock, deadlineMs, signal } = args;
  const parts = partsOf(args);
  const { arriving, leaving } = parts;
  for (const outlet of parts.newOutlets) void outlet.hold();
  const late = waiting(parts);
  const early = arriving.filter((node) => !late.includes(node));
  const [startAll, stopAll] = [startOrder(to), startOrder(from).toReversed()];
  const limits = { clock, deadlineMs, hurry: signal };
  // Those that were started early can take over what the old ones of their places still hold, and give it back.
  const stop = (staying: (node: GraphNode) => Promise<unknown> | undefined) =>
    stopLayers(stopAll, { ...limits, staying, successorOf: exporterAmong(early) });
  const undo = async (nodes: readonly GraphNode[], successors: readonly GraphNode[]) => {
    await stopLayers(only(startAll, nodes).toReversed(), { ...limits, successorOf: exporterAmong(successors) });
    for (const node of nodes) node.retire();
  };
  const refuseAll = () => {
    for (const outlet of parts.newOutlets) outlet.refuse();
  };

  try {
    await startLayers(only(startAll, early), signal);
  } catch (error) {
    refuseAll();
    await undo(arriving, []);
    throw error;
  }
  const failures: DbintelError[] = [];
  if (late.length > 0) {
    failures.push(...(await stop((node) => parts.quieted(node, (outlet) => outlet.hold()))));
    try {
      await startLayers(only(startAll, late), signal);
    } catch (error) {
      refuseAll();
      await undo(late, []);
      try {
        await startAgain(only(startOrder(from), leaving), error);
      } finally {
        await undo(early, leaving);
      }
      throw error;
    } finally {
      for (const outlet of parts.changing) outlet.release();
    }
  }
  const before = new Map([...to.relinks].map(([outlet, branches]) => [outlet, outlet.exchange(branches)]));
  for (const outlet of parts.newOutlets) outlet.release();
  args.onSwitch();
  if (late.length === 0) {
    const idle = (outlet: Outlet) => before.get(outlet)?.idle() ?? Promise.resolve();
    failures.push(...(await stop((node) => parts.quieted(node, idle))));
  }
  for (const node of leaving) node.retire();
  return failures;
}

/** The exporter of the same place among these, to take over what one holds. */
function exporterAmong(nodes: readonly GraphNode[]) {
  const exporters = new Map(nodes.map((node) => [placeKey(node), node]));
  return (node: GraphNode) => (node.kind === "exporter" ? exporters.get(placeKey(node))?.consumers : undefined);
}

/** Those that cannot start before something old has stopped. */
function waiting({ arriving, leaving }: Pick<ReturnType<typeof partsOf>, "arriving" | "leaving">) {
  const late = arriving.filter((node) => leaving.some((other) => exclude(node, other)));
  // Others may need an extension to start: where one has to wait, all wait.
  return late.some(({ kind }) => kind === "extension") ? arriving : late;
}

/** Brings back what had to stop for a new component that then did not start. */
async function startAgain(layers: Layers, why: unknown): Promise<void> {
  try {
    await startLayers(layers, new AbortController().signal);
  } catch (cause) {
    const message = [why, cause].map((error) => (error instanceof Error ? error.message : String(error)));
    throw new DbintelError(`${message[0]}; and what ran before does not start again: ${message[1]}`, {
      code: "DBI_COMPONENT_START",
      hint: "Repair the configuration and load it again, or start the collector anew.",
      cause,
    });
  }
}

/** Who comes, who goes, and the edges between those and what stays. */
function partsOf({ from, to }: Pick<ChangeoverArgs, "from" | "to">) {
  const [old, next] = [nodesOf(from), nodesOf(to)];
  const arriving = [...next].filter((node) => !old.has(node));
  const leaving = [...old].filter((node) => !next.has(node));
  const gone = new Set(leaving);
  const leads = (outlet: Outlet) => outlet.branches.some((branch) => gone.has(branch.node));
  const changing = new Map(
    [...old].filter((node) => next.has(node)).map((node) => [node, outletsOf(node).filter(leads)]),
  );
  return {
    arriving,
    leaving,
    newOutlets: arriving.flatMap(outletsOf),
    /** Those of components that stay, to components that leave. */
    changing: [...changing.values()].flat(),
    /** For one that stays: resolves when none of its calls is under way to one that leaves. */
    quieted(node: GraphNode, quiet: (outlet: Outlet) => Promise<void>): Promise<unknown> | undefined {
      const outlets = changing.get(node);
      return outlets && Promise.all(outlets.map(quiet));
    },
  };
}

function outletsOf({ exits }: GraphNode): readonly Outlet[] {
  return exits.map(({ outlet }) => outlet);
}

function nodesOf({ nodes, extensions }: Assembled): ReadonlySet<GraphNode> {
  return new Set([...extensions, ...nodes]);
}

function only(layers: Layers, nodes: readonly GraphNode[]): Layers {
  const wanted = new Set(nodes);
  return layers.map((layer) => layer.filter((node) => wanted.has(node))).filter((layer) => layer.length > 0);
}
