import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import type { Package } from "./workspace.ts";
import { importsOf, readPackages } from "./workspace.ts";

/** The floors of the house, lowest first: a package depends on lower ones only. */
const floors = [
  /^packages\/core\/errors$/,
  /^packages\/core\/(pdata|config)$/,
  /^packages\/core\/pipeline$/,
  /^packages\/(core|database)\//,
  /^packages\/(receivers|processors|exporters|connectors|extensions)\//,
  /^packages\/collector$/,
];
const shared = 3;

const packages = readPackages();
const byName = new Map(packages.map((pkg) => [pkg.name, pkg]));
const floorOf = ({ folder }: Package) => floors.findIndex((floor) => floor.test(folder));

test("every package stands on a floor", () => {
  expect(packages.length).toBeGreaterThan(20);
  expect(packages.filter((pkg) => floorOf(pkg) < 0).map(({ folder }) => folder)).toEqual([]);
});

describe.each(packages.map((pkg) => ({ pkg, name: pkg.folder })))("$name", ({ pkg }) => {
  test("depends on lower floors only", () => {
    // What several components share may build on one another; the references of tsc -b rule out a circle.
    const mayUse = (other: Package) =>
      floorOf(other) < floorOf(pkg) || (floorOf(pkg) === shared && floorOf(other) === shared);
    const others = pkg.dependencies.flatMap((name) => byName.get(name) ?? []);
    expect(others.filter((other) => !mayUse(other)).map(({ name }) => name)).toEqual([]);
  });

  test("declares what it imports", () => {
    const undeclared = pkg.files.flatMap((file) => {
      const declared = [pkg.name, ...pkg.dependencies, ...(file.isTest ? pkg.devDependencies : [])];
      const imported = importsOf(file).flatMap((specifier) => /^@dbintel\/[^/]+/.exec(specifier)?.[0] ?? []);
      return imported.filter((name) => !declared.includes(name)).map((name) => `${file.path}: ${name}`);
    });
    expect(undeclared).toEqual([]);
  });

  test("references what it declares, so that tsc builds it first", () => {
    const declared = pkg.dependencies.flatMap((name) => byName.get(name)?.folder ?? []);
    expect(declared.filter((folder) => !pkg.references.includes(folder))).toEqual([]);
  });

  test("has no relative import that leaves it", () => {
    const leaving = pkg.files.flatMap((file) =>
      importsOf(file)
        .filter((specifier) => specifier.startsWith("."))
        .filter((specifier) => relative(pkg.folder, join(file.path, "..", specifier)).startsWith(".."))
        .map((specifier) => `${file.path}: ${specifier}`),
    );
    expect(leaving).toEqual([]);
  });
});
