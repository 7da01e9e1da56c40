import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** One line of a benchmark. Units are in the names of the figures. */
export interface Row {
  readonly name: string;
  readonly figures: Readonly<Record<string, number>>;
  /** Ours to the peer's in the same run, more is better: what `--check` compares. */
  readonly ratio?: number;
}

/** How much of a ratio may be lost before `--check` fails. */
const tolerance = 0.2;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Prints the rows and keeps them in `benchmarks/results/NAME.json` with machine, versions and commit. With `--check`
 * on the command line it keeps nothing and fails the process when a ratio has fallen by more than a fifth.
 */
export function report(name: string, rows: readonly Row[], versions: Readonly<Record<string, string>> = {}): void {
  console.log(tableOf(rows));
  const file = fileURLToPath(new URL(`../results/${name}.json`, import.meta.url));
  if (process.argv.includes("--check")) {
    check(file, rows);
    return;
  }
  mkdirSync(new URL("../results", import.meta.url), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ benchmark: name, ...conditions(versions), rows }, undefined, 2)}\n`);
}

function conditions(versions: Readonly<Record<string, string>>) {
  return {
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, memoryBytes: totalmem() },
    versions: { node: process.versions.node, ...versions },
    commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim(),
  };
}

function check(file: string, rows: readonly Row[]): void {
  const kept = JSON.parse(readFileSync(file, "utf8")) as { readonly rows: readonly Row[] };
  for (const { name, ratio } of rows) {
    const before = kept.rows.find((row) => row.name === name)?.ratio;
    if (before === undefined || ratio === undefined || ratio >= before * (1 - tolerance)) continue;
    console.error(`${name}: the ratio fell from ${before.toFixed(2)} to ${ratio.toFixed(2)}`);
    process.exitCode = 1;
  }
}

/** The rows as a text. */
export function tableOf(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const cells = rows.map(({ name, figures, ratio }) => [
    name,
    ...columns.map((column) => (figures[column] === undefined ? "" : numberText(figures[column]))),
    ratio === undefined ? "" : `${ratio.toFixed(2)}×`,
  ]);
  const lines = [["", ...columns, "ratio"], ...cells];
  const widths = ["", ...columns, "ratio"].map((_, index) =>
    Math.max(...lines.map((line) => (line[index] ?? "").length)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join("  "),
    )
    .join("\n");
}

function numberText(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
