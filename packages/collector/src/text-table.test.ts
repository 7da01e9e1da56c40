import { expect, it } from "vitest";
import { textTable } from "./text-table.ts";

it("aligns columns and leaves the last one unpadded", () => {
  const table = textTable(
    [{ title: "type" }, { title: "calls", align: "right" }, { title: "text" }],
    [
      ["otlp", "7", "select 1"],
      ["postgresql", "1200", "x"],
    ],
  );
  expect(table).toBe(["type        calls  text", "otlp            7  select 1", "postgresql   1200  x"].join("\n"));
});
