import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { loadAllDefinitions } from "../registry.ts";
import { ownChecks } from "./examination.ts";

it("every check is explained in the README, word for word, and the README explains no other", async () => {
  const definitions = await loadAllDefinitions();
  const known = definitions.flatMap(({ diagnosis }) => Object.entries(diagnosis?.checks ?? {}));
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const table = readme.slice(readme.indexOf("<!-- checks:begin -->"), readme.indexOf("<!-- checks:end -->"));
  const rows = [...table.matchAll(/^\| `([A-Z]+-[A-Z]*-?\d{3})` \| (.+) \|$/gm)].map(([, code, meaning]) => [
    code,
    meaning,
  ]);
  // Several components may share the checks of what they depend on.
  const unique = new Map([...known, ...Object.entries(ownChecks)]);
  expect(rows).toEqual([...unique]);
});
