/**
 * The long fuzz run: node --conditions=@dbintel/source packages/core/pdata/regression/fuzz.ts [COUNT] [SEED]
 *
 * Prints what became of the inputs; fails with the first input that was neither decoded nor refused as it must be.
 */
import { fuzz } from "../test/fuzz/fuzz.ts";

const count = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const start = performance.now();
const step = 100_000;
let inputs = 0;
let decoded = 0;
const refused: Record<string, number> = {};

for (let round = 0; inputs < count; round++) {
  const report = fuzz(Math.min(step, count - inputs), seed + round);
  inputs += report.inputs;
  decoded += report.decoded;
  for (const [code, number] of Object.entries(report.refused)) refused[code] = (refused[code] ?? 0) + number;
  process.stderr.write(`${inputs} inputs, ${Math.round((performance.now() - start) / 1000)} s\n`);
}
process.stdout.write(`${JSON.stringify({ seed, inputs, decoded, refused }, null, 2)}\n`);
