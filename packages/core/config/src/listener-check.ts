import type { ConfiguredComponent } from "./collector-config.ts";
import type { Findings } from "./findings.ts";
import { formatHostPort, shareAddress } from "./network.ts";
import { type ConfigNode, nodeAt, positionAt } from "./node.ts";
import { type ConfigPath, formatPath, formatPosition, type Position } from "./position.ts";
import { type Listener, sections } from "./registry.ts";

/** A listener, and where its address is set. */
export interface PlacedListener<Kind extends Listener = Listener> {
  readonly listener: Kind;
  readonly path: ConfigPath;
  readonly position: Position;
  /** Nobody wrote the address: `position` is that of the part of `path` that was written. */
  readonly isDefault: boolean;
}

/** What settings make listen, and where in the configuration they stand. */
export interface Listening<Kind extends Listener = Listener> {
  readonly path: ConfigPath;
  readonly settings: unknown;
  /** Their addresses are values of `settings`. */
  readonly listeners: readonly Kind[];
}

/** What a component listens on. */
export function listeningOf({ id, definition, config }: ConfiguredComponent): Listening {
  const listeners = definition.listeners?.(config) ?? [];
  return { path: [sections[definition.kind], id], settings: config, listeners };
}

/** Finds where the address of each listener is set. */
export function placeListeners<Kind extends Listener>(
  { path, settings, listeners }: Listening<Kind>,
  root: ConfigNode,
): readonly PlacedListener<Kind>[] {
  return listeners.map((listener) => {
    const at = [...path, ...(pathOf(listener.address, settings) ?? [])];
    return { listener, path: at, position: positionAt(root, at), isDefault: nodeAt(root, at) === undefined };
  });
}

/** Reports every listener whose address another one has: only one of them could start. */
export function checkListeners(
  listening: readonly Listening[],
  { root, findings }: { readonly root: ConfigNode; readonly findings: Findings },
): void {
  const placed = listening.flatMap((each) => placeListeners(each, root));
  placed.forEach((one, index) => {
    const other = placed.slice(0, index).find(({ listener }) => shareAddress(listener.address, one.listener.address));
    if (other === undefined) return;
    // Of two the one that somebody wrote is where to mend it.
    if (one.isDefault && !other.isDefault) findings.error(clash(other, one));
    else findings.error(clash(one, other));
  });
}

function clash({ listener, path, position }: PlacedListener, other: PlacedListener) {
  const [address, taken] = [formatHostPort(listener.address), formatHostPort(other.listener.address)];
  const where = `${formatPath(other.path)} at ${formatPosition(other.position)}${other.isDefault ? ", its default" : ""}`;
  return {
    path,
    position,
    message: `listens on ${address}, and so does ${where}${address === taken ? "" : `, on ${taken}`}`,
    hint: "only one of them could start: choose another port for the other",
  };
}

/** The way to a value of the settings, by its identity. */
function pathOf(wanted: unknown, settings: unknown): ConfigPath | undefined {
  if (settings === wanted) return [];
  if (typeof settings !== "object" || settings === null) return undefined;
  for (const [key, value] of Object.entries(settings)) {
    const rest = pathOf(wanted, value);
    if (rest !== undefined) return [Array.isArray(settings) ? Number(key) : key, ...rest];
  }
  return undefined;
}
