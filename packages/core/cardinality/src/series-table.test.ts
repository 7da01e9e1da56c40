import { expect, it } from "vitest";
import { SeriesTable } from "./series-table.ts";

it("remembers each series and the window in which it was seen last, also where hashes are alike", () => {
  const table = new SeriesTable();
  // All in a few slots, and differing in one half only.
  for (let index = 0; index < 1000; index++) {
    expect(table.see(index % 3, index, 1)).toBe(0);
    table.add(index % 3, index, 1);
  }
  expect(table.size).toBe(1000);
  for (let index = 0; index < 1000; index += 2) expect(table.see(index % 3, index, 2)).toBe(1);
  table.forgetBefore(2);
  expect(table.size).toBe(500);
  for (let index = 0; index < 1000; index++) expect(table.see(index % 3, index, 3)).toBe(index % 2 === 0 ? 2 : 0);
});

it("takes hashes of any sign, zeros included", () => {
  const table = new SeriesTable();
  table.add(0, 0, 1);
  table.add(-1, -(2 ** 31), 1);
  expect([table.see(0, 0, 1), table.see(-1, -(2 ** 31), 1), table.see(-1, 0, 1)]).toEqual([1, 1, 0]);
});
