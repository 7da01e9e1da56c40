import { expect, it } from "vitest";
import { discoveryThreshold } from "./benjamini-hochberg.ts";

// The example of the paper of 1995, table 1: of 15 hypotheses the four smallest are rejected at 0.05.
const published = [
  0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
];

it.each<[readonly number[], number]>([
  [published, 0.0095],
  [published.toReversed(), 0.0095],
  [[0.05], 0.05],
  [[0.06], -1],
  [[0.04, 0.05], 0.05],
  [[0.03, 0.9], -1],
  [[], -1],
])("counts as discoveries what lies under the line: %j", (pValues, threshold) => {
  expect(discoveryThreshold(pValues, 0.05)).toBe(threshold);
});
