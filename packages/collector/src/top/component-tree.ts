import { z } from "zod";

const account = z.object({
  received: z.number(),
  sent: z.number(),
  refused: z.number(),
  dropped: z.record(z.string(), z.number()),
  held: z.number(),
});

const component = z.object({
  state: z.string(),
  message: z.string().optional(),
  hint: z.string().optional(),
  accounts: z.record(z.string(), account),
});

const components = z.record(z.string(), component);

/** What `GET /api/v1/components` of the admin endpoint answers. */
export const componentTree = z.object({
  ready: z.boolean(),
  receivers: components,
  pipelines: z.record(z.string(), z.object({ processors: components })),
  connectors: components,
  exporters: components,
  extensions: components,
});

export type ComponentTree = z.output<typeof componentTree>;
export type ComponentState = z.output<typeof component>;
export type Account = z.output<typeof account>;

/** A component by the name that other commands and the log have for it, such as `processor/batch@logs`. */
export interface NamedComponent extends ComponentState {
  readonly name: string;
  readonly kind: string;
  readonly id: string;
}

/** All components in the order in which data flows through them, extensions last. */
export function inOrder(tree: ComponentTree): readonly NamedComponent[] {
  const of = (kind: string, part: Readonly<Record<string, ComponentState>>, suffix = "") =>
    Object.entries(part).map(([id, state]) => ({ name: `${kind}/${id}${suffix}`, kind, id, ...state }));
  return [
    ...of("receiver", tree.receivers),
    ...Object.entries(tree.pipelines).flatMap(([pipeline, { processors }]) =>
      of("processor", processors, `@${pipeline}`),
    ),
    ...of("connector", tree.connectors),
    ...of("exporter", tree.exporters),
    ...of("extension", tree.extensions),
  ];
}
