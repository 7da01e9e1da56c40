import { DbintelError } from "@dbintel/errors";
import { type Assembled, startError } from "./assembly.ts";
import type { Clock } from "./clock.ts";
import type { StopOptions } from "./component.ts";
import type { Consumers } from "./consumer.ts";
import type { GraphNode } from "./graph-node.ts";

/** How long a component may go on after the deadline's signal before it is left behind. */
const graceMs = 1000;

/** In the order of starting: extensions one after the other, then the farthest downstream before the receivers. */
export function startOrder(assembled: Assembled): readonly (readonly GraphNode[])[] {
  return [...assembled.extensions.map((node) => [node]), ...layersOf(assembled).toReversed()];
}

/**
 * Components by distance from the receivers, which are the first layer: everything in a layer only hands batches to
 * later layers.
 */
function layersOf({ nodes, downstream }: Assembled): GraphNode[][] {
  const depths = new Map<GraphNode, number>();
  for (const node of nodes) {
    const below = (depths.get(node) ?? 0) + 1;
    for (const next of downstream.get(node) ?? []) depths.set(next, Math.max(depths.get(next) ?? 0, below));
  }
  const layers: GraphNode[][] = [];
  for (const node of nodes) {
    const depth = depths.get(node) ?? 0;
    layers[depth] = [...(layers[depth] ?? []), node];
  }
  return layers;
}

/**
 * Starts layer after layer, the components of one layer at the same time. When one fails, the rest of its layer is
 * told to give up, and the error that names the component is thrown; the caller stops what has started.
 */
export async function startLayers(layers: readonly (readonly GraphNode[])[], signal: AbortSignal): Promise<void> {
  for (const layer of layers) {
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const starts = layer.map(async (node) => {
      try {
        await startNode(node, either);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    });
    const outcomes = await Promise.allSettled(starts);
    if (outcomes.some(({ status }) => status === "rejected")) throw failed.signal.reason;
  }
}

async function startNode(node: GraphNode, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  node.enter({ state: "starting" });
  try {
    await orAborted(node.component.start({ signal }), signal);
  } catch (cause) {
    const error = startError(node, cause);
    node.enter({ state: "permanent_error", message: error.message, hint: error.hint });
    throw error;
  }
  if (node.status.state === "starting") node.enter({ state: "ok" });
}

/** Settles with the promise, or rejects as soon as the signal is aborted. */
async function orAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** How components are stopped. */
export interface StopLayersOptions {
  readonly clock: Clock;
  /** For all of them together. */
  readonly deadlineMs: number;
  /** Those that are not stopped: of them is awaited, in their turn, what this returns, until the deadline. */
  readonly staying?: (node: GraphNode) => Promise<unknown> | undefined;
  /** Who takes the place of one that is stopped, and works already. */
  readonly successorOf?: (node: GraphNode) => Consumers | undefined;
  /** Ends the time at once. */
  readonly hurry?: AbortSignal;
}

/**
 * Stops layer after layer within one deadline for all of them. When it passes, the signal of every `stop` is aborted;
 * who does not return within a second after that is reported and left.
 */
export async function stopLayers(
  layers: readonly (readonly GraphNode[])[],
  options: StopLayersOptions,
): Promise<readonly DbintelError[]> {
  const { clock, deadlineMs, staying = () => undefined, successorOf = () => undefined, hurry } = options;
  const deadline = new AbortController();
  const timer = clock.schedule(deadlineMs, () => {
    deadline.abort(new DbintelError(`the deadline of ${deadlineMs} ms has passed`, { code: "DBI_TIMEOUT" }));
  });
  const either = hurry === undefined ? deadline.signal : AbortSignal.any([deadline.signal, hurry]);
  const leave = async (node: GraphNode) => {
    const stays = staying(node);
    const successor = successorOf(node);
    const stopping = { signal: either, ...(successor === undefined ? {} : { successor }) };
    if (stays === undefined) return stopNode(node, clock, stopping);
    await orAborted(stays, either).catch(() => {});
    return undefined;
  };
  const failures: DbintelError[] = [];
  for (const layer of layers) {
    const outcomes = await Promise.all(layer.map(leave));
    failures.push(...outcomes.filter((outcome) => outcome !== undefined));
  }
  timer.cancel();
  return failures;
}

async function stopNode(node: GraphNode, clock: Clock, options: StopOptions): Promise<DbintelError | undefined> {
  if (node.status.state === "stopped") return undefined;
  node.enter({ state: "stopping" });
  try {
    await orGivenUp(node.component.stop(options), clock, options.signal);
    node.enter({ state: "stopped" });
    return undefined;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const error = new DbintelError(`${node.name} did not stop cleanly: ${message}`, {
      code: "DBI_COMPONENT_STOP",
      cause,
      hint: "What the component still held is lost unless it is in durable storage.",
    });
    node.host.logger.error({ error }, "component did not stop cleanly");
    return error;
  }
}

/** Settles with the promise, or rejects a grace period after the signal was aborted. */
async function orGivenUp(promise: Promise<void>, clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  let cancel = () => {};
  const onAbort = () => {
    const timer = clock.schedule(graceMs, () => reject(signal.reason));
    cancel = () => timer.cancel();
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, givenUp]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    cancel();
  }
}
