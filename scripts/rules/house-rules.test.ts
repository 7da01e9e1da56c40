import { expect, test } from "vitest";
import { readPackages } from "./workspace.ts";

const files = readPackages().flatMap((pkg) => pkg.files);
const sources = files.filter(({ isTest }) => !isTest);

/** Where the process meets the machine: everywhere else time and randomness come from `host`. */
const allowed: Readonly<Record<string, readonly RegExp[]>> = {
  "packages/core/pipeline/src/clock.ts": [/Date\.now/, /setTimeout/],
  // Commands keep their process alive and bound a trial poll outside any component.
  "packages/collector/src/alive.ts": [/setInterval/],
  "packages/collector/src/commands/run.ts": [/setInterval/],
  "packages/collector/src/receiver-trial.ts": [/setTimeout/],
  // A method of a socket with the same name.
  "packages/database/watching/src/session/first-answer.ts": [/setTimeout/],
  "packages/database/watching/src/session/silence.ts": [/setTimeout/],
};

test.each([
  { what: "the wall clock", pattern: /\bDate\.now\(|new Date\(\)/ },
  { what: "weak randomness", pattern: /\bMath\.random\(/ },
  { what: "timers", pattern: /\bset(Timeout|Interval)\(/ },
])("no component reads $what by itself", ({ pattern }) => {
  const found = sources
    .filter(({ text }) => pattern.test(text.replaceAll(/^\s*(\*|\/\/).*$/gm, "")))
    .filter(({ path, text }) => !allowed[path]?.some((exception) => exception.test(pattern.exec(text)?.[0] ?? "")));
  expect(found.map(({ path }) => path)).toEqual([]);
});

test.each([
  { what: "source", limit: 400, among: sources },
  { what: "test", limit: 500, among: files },
])("no $what file is longer than $limit lines", ({ limit, among }) => {
  expect(among.length).toBeGreaterThan(100);
  const long = among.map(({ path, text }) => ({ path, lines: text.split("\n").length }));
  expect(long.filter(({ lines }) => lines > limit)).toEqual([]);
});

test("no test is skipped or repeated until it passes", () => {
  const found = files.filter(
    ({ isTest, text }) => isTest && /\b(test|it|describe)\.(skip|todo|only|fails)\b|\bretry: *\d/.test(text),
  );
  expect(found.map(({ path }) => path)).toEqual([]);
});

test("a component's package has the type of its settings and not their schema, which its definition has", () => {
  const withSchema = sources.filter(
    ({ path, text }) =>
      /^packages\/(?:receiver|processor|exporter|connector|extension)s\/[^/]+\/src\/index\.ts$/.test(path) &&
      /^export \{[^}]*Config\b/m.test(text),
  );
  expect(withSchema.map(({ path }) => path)).toEqual([]);
  const configs = sources.filter(({ path }) =>
    /^packages\/(?:receiver|processor|exporter|connector|extension)s\/[^/]+\/src\/config\.ts$/.test(path),
  );
  expect(configs.length).toBeGreaterThan(25);
  const odd = configs.flatMap(({ path, text }) => {
    const index = sources.find((file) => file.path === path.replace(/config\.ts$/, "index.ts"))?.text ?? "";
    const [, type] = /^export type (\w+Config) = z\.output/m.exec(text) ?? [];
    const [, schema] = /^export const (\w+Config) = z/m.exec(text) ?? [];
    const wanted = type === undefined || new RegExp(`\\b${type}\\b`).test(index);
    return wanted && !new RegExp(`\\b${schema}\\b`).test(index) ? [] : [path];
  });
  expect(odd).toEqual([]);
});
