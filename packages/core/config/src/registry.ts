import type { z } from "zod";
import type { HostPort } from "./network.ts";

/** The signals that pipelines carry. */
export const signals = ["logs", "metrics", "traces"] as const;
export type Signal = (typeof signals)[number];

/** The kinds of components, each with the section of the configuration that holds them, in its usual order. */
export const sections = {
  receiver: "receivers",
  processor: "processors",
  exporter: "exporters",
  connector: "connectors",
  extension: "extensions",
} as const;
export type ComponentKind = keyof typeof sections;

export const componentKinds = Object.keys(sections) as readonly ComponentKind[];

/** An address that something listens on. */
export interface Listener {
  /** One of the settings itself, so that a finding about it can tell where it is set. */
  readonly address: HostPort;
}

interface ComponentTypeBase<Kind extends ComponentKind> {
  readonly kind: Kind;
  readonly type: string;
  /** Old spellings, accepted with a warning. */
  readonly aliases?: readonly string[];
  /** One sentence for the JSON Schema. */
  readonly description: string;
  readonly schema: z.ZodType;
  /** What it would listen on with these settings; absent means nothing. */
  listeners?(config: unknown): readonly Listener[];
}

interface SignalComponentType<Kind extends "receiver" | "processor" | "exporter"> extends ComponentTypeBase<Kind> {
  /** A key for each signal that the component supports. */
  readonly signals: Readonly<Partial<Record<Signal, unknown>>>;
}

interface ConnectorType extends ComponentTypeBase<"connector"> {
  /** From the signal it takes to the signals that it can give. */
  readonly signals: Readonly<Partial<Record<Signal, Readonly<Partial<Record<Signal, unknown>>>>>>;
}

/** What the configuration must know of a component. The definitions of `@dbintel/pipeline` fit. */
export type ComponentType =
  | SignalComponentType<"receiver">
  | SignalComponentType<"processor">
  | SignalComponentType<"exporter">
  | ConnectorType
  | ComponentTypeBase<"extension">;

/** The members of a union of definitions that are of one kind. */
export type OfKind<Definition extends ComponentType, Kind extends ComponentKind> = Extract<
  Definition,
  { readonly kind: Kind }
>;

/**
 * The components that a distribution knows. Asked synchronously: a registry that loads code on demand loads what
 * {@link componentTypesOf} names before the configuration is checked.
 */
export interface ComponentRegistry<Definition extends ComponentType = ComponentType> {
  /** The definition of a type, also by one of its aliases. */
  lookup<Kind extends ComponentKind>(kind: Kind, type: string): OfKind<Definition, Kind> | undefined;
  /** Every type of the kind, without aliases. */
  types(kind: ComponentKind): readonly string[];
  /** What to do instead with a type that is known from other collectors; `undefined` for any other. */
  adviceOn?(kind: ComponentKind, type: string): string | undefined;
}

/** A registry of definitions that are at hand. */
export function createRegistry<Definition extends ComponentType>(
  definitions: Iterable<Definition>,
): ComponentRegistry<Definition> {
  const known = new Map<string, Definition>();
  const types = new Map<ComponentKind, string[]>(componentKinds.map((kind) => [kind, []]));
  for (const definition of definitions) {
    types.get(definition.kind)?.push(definition.type);
    for (const name of [definition.type, ...(definition.aliases ?? [])])
      known.set(`${definition.kind}/${name}`, definition);
  }
  return {
    lookup: <Kind extends ComponentKind>(kind: Kind, type: string) =>
      known.get(`${kind}/${type}`) as OfKind<Definition, Kind> | undefined,
    types: (kind) => types.get(kind) ?? [],
  };
}
