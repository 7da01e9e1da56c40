import type { Signal } from "@dbintel/pdata";

/** What New Relic does about each breach of its contract, without a word in the answer to the request. */
export const breaches = {
  attribute_array_mixed: "arrays with values of several types are not stored",
  attribute_array_too_long: "arrays are cut after 64 values",
  attribute_map: "maps are not stored",
  attribute_name_too_long: "attributes with longer names are not stored",
  attribute_named_like_metric: "an attribute with the name of its metric takes the place of the value",
  attribute_reserved: "the name means something else to New Relic",
  attribute_too_long: "texts are cut off",
  delta_not_monotonic: "deltas of sums that can fall are not stored",
  item_too_large: "a request with an item of this size is refused whole",
  metric_empty: "metrics without data are not stored",
  metric_name_empty: "metrics without a name are not stored",
  metric_name_too_long: "metrics with longer names are not stored",
  missing_attribute: "nothing says which entity the data belongs to",
  summary: "summaries are not stored as such",
  timestamp_in_future: "data points of more than a day ahead are not stored",
  timestamp_too_old: "data of more than two days ago is not stored",
  too_many_attributes: "attributes above the limit are not stored, whichever they are",
  value_not_finite: "NaN and infinite values are not stored",
} as const;

export type BreachCode = keyof typeof breaches;
export const breachCodes = Object.keys(breaches) as readonly BreachCode[];

/** What became of the item: `reported` is left as it is, `repaired` goes on changed. */
export type BreachAction = "reported" | "repaired" | "dropped";

/** One breach, with names and never with values. */
export interface Breach {
  readonly code: BreachCode;
  readonly action: BreachAction;
  readonly signal: Signal;
  /** Name of the metric, where there is one. */
  readonly metric?: string;
  /** Name of the attribute, where one is to blame. */
  readonly attribute?: string;
}
