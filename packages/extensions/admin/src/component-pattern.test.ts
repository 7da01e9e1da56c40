import { expect, it } from "vitest";
import { ComponentPattern } from "./component-pattern.ts";

const eu = { kind: "exporter", id: "otlp_http/eu" } as const;
const plain = { kind: "exporter", id: "otlp_http" } as const;
const batch = { kind: "processor", id: "batch", pipeline: "logs/2" } as const;

it.each([
  ["exporter/*", [eu, plain]],
  ["exporter/otlp_http", [plain]],
  ["exporter/otlp_http*", [eu, plain]],
  ["exporter/otlp_http/eu", [eu]],
  ["otlp_http/eu", [eu]],
  ["otlp_http", [plain]],
  ["*/otlp_http", [plain]],
  ["{exporter,processor}/*", [eu, plain, batch]],
  ["*", [eu, plain, batch]],
  ["processor/batch", [batch]],
  ["batch@logs/2", [batch]],
  ["processor/batch@logs", []],
  ["receiver/*", []],
])("%s", (text, expected) => {
  const pattern = new ComponentPattern(text);
  expect([eu, plain, batch].filter((component) => pattern.matches(component))).toEqual(expected);
});
