import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errorCodes } from "./index.ts";

const packages = join(import.meta.dirname, "../../..");
const codes = Object.keys(errorCodes);

/** Every TypeScript file below a `src` folder of a package, the catalogue and tests left out. */
function sources(): string[] {
  return readdirSync(packages, { recursive: true, encoding: "utf8" })
    .filter((path) => /^[^/]+\/(?:[^/]+\/)?src\/.*\.ts$/.test(path))
    .filter((path) => !path.includes("node_modules") && !path.endsWith(".test.ts") && !path.endsWith("/codes.ts"))
    .map((path) => readFileSync(join(packages, path), "utf8"));
}

function mentioned(texts: readonly string[]): Set<string> {
  return new Set(texts.flatMap((text) => [...text.matchAll(/\bDBI_[A-Z]+(?:_[A-Z]+)*\b/g)].map(([code]) => code)));
}

describe("the catalogue of error codes", () => {
  it("is the table of the README, code for code and sentence for sentence", () => {
    const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
    const rows = [...readme.matchAll(/^\| `(DBI_[A-Z_]+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
    expect(rows).toEqual(Object.entries(errorCodes));
  });

  it("has every code that the packages name", () => {
    expect([...mentioned(sources())].filter((code) => !codes.includes(code))).toEqual([]);
  });

  it("has no code that nothing uses", () => {
    const used = mentioned(sources());
    expect(codes.filter((code) => !used.has(code))).toEqual([]);
  });
});
