import type { HostPort } from "@dbintel/config";
import type { ComponentDefinition } from "./component.ts";
import type { Configured } from "./define.ts";
import { type GraphNode, placeKey } from "./graph-node.ts";

/** Whether a component would be built as it was: of the same definition, with the same settings, told the same. */
export function sameComponent(
  standing: Pick<GraphNode, "configured" | "shape">,
  wanted: { readonly configured: Configured<ComponentDefinition>; readonly shape: string },
): boolean {
  const [before, after] = [standing.configured, wanted.configured];
  if (before.definition !== after.definition || standing.shape !== wanted.shape) return false;
  if (before.config === after.config) return true;
  return before.digest !== undefined && before.digest === after.digest;
}

/** Whether one of them has to stop before the other can start. */
export function exclude(one: GraphNode, other: GraphNode): boolean {
  const [taken, wanted] = [addressesOf(one), addressesOf(other)];
  if (placeKey(one) === placeKey(other)) {
    if (one.keepsState || other.keepsState) return true;
    // Two that poll the same source would tell what happened meanwhile twice.
    if (one.kind === "receiver" && taken.length + wanted.length === 0) return true;
  }
  if (wanted.some((address) => taken.some((each) => overlap(each, address)))) return true;
  const held = new Set(exclusiveOf(one));
  return exclusiveOf(other).some((resource) => held.has(resource));
}

function addressesOf({ configured: { definition, config } }: GraphNode): readonly HostPort[] {
  return (definition.listeners?.(config) ?? []).map(({ address }) => address);
}

function exclusiveOf({ configured: { definition, config } }: GraphNode): readonly string[] {
  return definition.exclusive?.(config) ?? [];
}

const everywhere: readonly string[] = ["0.0.0.0", "::"];

/** Port 0 is another one each time. */
function overlap(one: HostPort, other: HostPort): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  const [host, otherHost] = [numeric(one.host), numeric(other.host)];
  return host === otherHost || everywhere.includes(host) || everywhere.includes(otherHost);
}

/** Listeners bind `localhost` to 127.0.0.1. */
function numeric(host: string): string {
  return host === "localhost" ? "127.0.0.1" : host;
}
