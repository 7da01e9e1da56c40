import type { AnyValue } from "@dbintel/pdata";
import type { EvidenceItem, WaitFinding } from "@dbintel/waits";

/** Findings as attributes: all of them, and what the most pressing one is. */
export function findingAttributes(findings: readonly WaitFinding[]): Readonly<Record<string, AnyValue>> {
  const [first] = findings;
  if (first === undefined) return {};
  return {
    "db.query.findings": findings.map(
      ({ code, severity, priority, impact, confidence, evidence, recommendation }) =>
        new Map<string, AnyValue>([
          ["id", code],
          ["severity", severity],
          ["priority", priority],
          ["impact", impact],
          ["confidence", confidence],
          ["evidence", Object.entries(evidence).map(([name, item]) => shown(name, item))],
          ["recommendation", recommendation],
        ]),
    ),
    "db.query.findings.priority": first.priority,
    "db.query.findings.top": first.code,
  };
}

/** Such as `longest_wait=42 s`. */
function shown(name: string, { value, unit }: EvidenceItem): string {
  return `${name}=${value}${unit === "" || unit === "1" ? "" : ` ${unit}`}`;
}
