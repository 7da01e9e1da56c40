import { detectorsAt } from "../src/detectors.ts";
import { Scanner } from "../src/scanner.ts";
import { type CorpusName, corpus, type Specimen } from "./corpus.ts";

/** How well one entity is found. */
export interface Accuracy {
  readonly entity: string;
  readonly planted: number;
  /** Planted values of which no byte is left. */
  readonly covered: number;
  readonly reported: number;
  /** Reports of the entity that touch a planted value. */
  readonly right: number;
  /** Texts in which it was missed or reported wrongly, for people. */
  readonly examples: readonly string[];
}

/** The texts that detectors are judged by; those they are developed with have another seed and other templates. */
export const judged = { name: "test", seed: 20_261_121, each: 160 } as const;

/** Looks for everything in a corpus, at the highest level. */
export function accuracyOn(args: {
  readonly name: CorpusName;
  readonly seed: number;
  readonly each: number;
}): Accuracy[] {
  const scanner = new Scanner(detectorsAt("high"));
  const table = new Map<string, { -readonly [Key in keyof Accuracy]: Accuracy[Key] } & { examples: string[] }>();
  const row = (entity: string) => {
    const known = table.get(entity) ?? { entity, planted: 0, covered: 0, reported: 0, right: 0, examples: [] };
    table.set(entity, known);
    return known;
  };
  for (const specimen of corpus(args.name, args)) {
    const bytes = Buffer.from(specimen.text);
    const findings = scanner.find(bytes);
    const spans = plantedSpans(bytes, specimen);
    for (const { entity, start, end } of spans) {
      const counts = row(entity);
      counts.planted++;
      const isCovered = findings.some((finding) => finding.start <= start && finding.end >= end);
      if (isCovered && scanner.mayHold(bytes)) counts.covered++;
      else counts.examples.push(`missed: ${specimen.text}`);
    }
    for (const { entity, start, end } of findings) {
      const counts = row(entity);
      counts.reported++;
      if (spans.some((span) => span.start < end && span.end > start)) counts.right++;
      else counts.examples.push(`wrong: ${bytes.toString("utf8", start, end)} in ${specimen.text}`);
    }
  }
  return [...table.values()].sort((a, b) => (a.entity < b.entity ? -1 : 1));
}

function plantedSpans(bytes: Buffer, { planted }: Specimen) {
  return planted.flatMap(({ entity, value }) => {
    const spans: { entity: string; start: number; end: number }[] = [];
    const length = Buffer.byteLength(value);
    for (let start = bytes.indexOf(value); start >= 0; start = bytes.indexOf(value, start + length)) {
      spans.push({ entity, start, end: start + length });
    }
    return spans;
  });
}

/** The table of the README. */
export function accuracyTable(rows: readonly Accuracy[]): string {
  const share = (part: number, of: number) => (of === 0 ? "–" : (part / of).toFixed(3));
  const lines = rows.map(
    ({ entity, planted, covered, reported, right }) =>
      `| \`${entity}\` | ${planted} | ${share(covered, planted)} | ${share(right, reported)} |`,
  );
  return ["| Entity | Planted | Recall | Precision |", "|---|---|---|---|", ...lines].join("\n");
}
