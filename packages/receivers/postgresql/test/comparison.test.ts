import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const packageFolder = new URL("../", import.meta.url);

/** The rows of all tables, by their cells. */
async function rowsOf(file: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(new URL(file, packageFolder), "utf8");
  const lines = text.split("\n").filter((line) => line.startsWith("|") && !/^\|[-|]+$/.test(line));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

describe("COMPARISON.md", () => {
  it("links each mark of ours to tests that are there", async () => {
    const features = (await rowsOf("COMPARISON.md")).filter((cells) => cells.length === 10 && cells[0] !== "");
    expect(features.length).toBeGreaterThan(30);
    for (const [feature = "", ...marks] of features) {
      const link = /^\[[●◐]\]\((.+\.test\.ts)\)$/.exec(marks.at(-1) ?? "")?.[1];
      expect(link, feature).toBeDefined();
      const test = await readFile(new URL(link ?? "", packageFolder), "utf8").catch(() => "");
      expect(test, `${feature}: ${link}`).toMatch(/\bit(\.each)?\b/);
      for (const mark of marks.slice(0, -1)) expect(["●", "◐", "○"], feature).toContain(mark);
    }
  });

  it("names each defect that has a test, and no other", async () => {
    const defects = (await rowsOf("COMPARISON.md")).filter(([number = ""]) => /^\d+$/.test(number));
    const tests = await readFile(new URL("test/peer-defects.test.ts", packageFolder), "utf8");
    const tested = new Set([...tests.matchAll(/\bit\("(\d+) —/g)].map(([, number]) => number));
    expect(new Set(defects.map(([number]) => number))).toEqual(tested);
  });
});
