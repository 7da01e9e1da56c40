import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The tables of a text in Markdown, by their cells. */
function tablesOf(text: string): readonly Table[] {
  const tables: { head: readonly string[]; rows: (readonly string[])[] }[] = [];
  let isTable = false;
  for (const line of text.split("\n")) {
    const cells = line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
    if (!line.startsWith("|")) isTable = false;
    else if (!isTable) {
      tables.push({ head: cells, rows: [] });
      isTable = true;
    } else if (!/^\|[-|]+$/.test(line)) tables.at(-1)?.rows.push(cells);
  }
  return tables;
}

/**
 * Holds the COMPARISON.md of a receiver against its tests: every mark of ours is a link to a test that is there, or an
 * open ○, and every defect of others has a test of its number.
 */
export function describeComparison(packageFolder: URL, { features: least }: { readonly features: number }): void {
  const read = (file: string) => readFile(new URL(file, packageFolder), "utf8");

  describe("COMPARISON.md", () => {
    it("links each mark of ours to tests that are there", async () => {
      const tables = tablesOf(await read("COMPARISON.md")).filter(({ head }) => head.at(-1) === "ours");
      expect(tables.reduce((sum, { rows }) => sum + rows.length, 0)).toBeGreaterThanOrEqual(least);
      for (const { head, rows } of tables) {
        for (const [feature = "", ...marks] of rows) {
          expect(marks.length + 1, feature).toBe(head.length);
          for (const mark of marks.slice(0, -1)) expect(["●", "◐", "○"], feature).toContain(mark);
          const own = marks.at(-1) ?? "";
          if (own === "○") continue;
          const link = /^\[[●◐]\]\((.+\.test\.ts)\)$/.exec(own)?.[1];
          expect(link, feature).toBeDefined();
          expect(await read(link ?? "").catch(() => ""), `${feature}: ${link}`).toMatch(/\bit(\.each)?\b/);
        }
      }
    });

    it("names each defect that has a test, and no other", async () => {
      const rows = tablesOf(await read("COMPARISON.md")).flatMap((table) => table.rows);
      const defects = rows.filter(([number = ""]) => /^\d+$/.test(number));
      const tests = await read("test/peer-defects.test.ts");
      const tested = new Set([...tests.matchAll(/\bit\("(\d+) —/g)].map(([, number]) => number));
      expect(new Set(defects.map(([number]) => number))).toEqual(tested);
    });
  });
}
