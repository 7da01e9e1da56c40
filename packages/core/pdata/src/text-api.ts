/**
 * Where a text of a batch stands. `name` is the name of a span, an event of a log record or its severity; `metric`
 * all that belongs to a metric and not to a point; `event` and `link` the parts of a span; `exemplar` those of a point.
 */
export const textScopes = [
  "resource",
  "scope",
  "attributes",
  "body",
  "name",
  "status",
  "event",
  "link",
  "metric",
  "exemplar",
] as const;
export type TextScope = (typeof textScopes)[number];

/** A value as an editor is shown it: UTF-8 for `string` and `key`, a view into the batch that is valid during the call. */
export type TextValue =
  | { readonly kind: "string" | "key" | "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "int"; readonly int: bigint }
  | { readonly kind: "double"; readonly double: number }
  | { readonly kind: "bool" };

export interface TextPlace {
  readonly scope: TextScope;
  /** The names of the attribute and of the map entries in it that lead to the value, outermost first. Do not keep it. */
  readonly path: readonly string[];
}

/** Looks at all texts of a batch and says what becomes of them. */
export interface TextEditor {
  /**
   * Called with each resource, scope, metric, record, span and data point as it is encoded, and then with each message
   * in it, such as an attribute, a body or an event, from its tag to its end: whether its texts are to be visited. The
   * bytes of a metric may have its points in them, which are asked for on their own.
   */
  wants(message: Uint8Array): boolean;
  /**
   * What takes the place of a value: a text for any, or bytes for a value of kind `bytes`. `undefined` leaves it.
   * Fields of OTLP, names of attributes (`key`) and values in bodies and attributes are visited, at any depth.
   */
  edit(value: TextValue, place: TextPlace): string | Uint8Array | undefined;
  /** Called behind the last text of a message: a reason to drop it with all below it, or `undefined`. */
  verdict(): string | undefined;
}
