import { type CheckStatus, checkStatuses } from "@dbintel/pipeline";
import type { ExaminedSubject, Finding } from "./examination.ts";
import type { PlainText } from "./plain-text.ts";

/** What was found, for people: each subject with its checks, what is wrong with its meaning and what repairs it. */
export function reportText(subjects: readonly ExaminedSubject[], plain: PlainText): string {
  if (subjects.length === 0) return "the configuration names nothing that could be examined";
  const counts = countOf(subjects);
  const summary = checkStatuses.map((status) => `${counts[status]} ${status}`).join(", ");
  const advice = subjects.some(({ findings }) => findings.some(({ repair }) => repair !== undefined))
    ? "\n--fix-sql prints the SQL that repairs, as one script; it is never run for you"
    : "";
  return [...subjects.map((subject) => subjectText(subject, plain)), `${summary}${advice}`].join("\n\n");
}

/** The same for programs. */
export function reportJson(subjects: readonly ExaminedSubject[], plain: PlainText): string {
  const summary = countOf(subjects);
  const clean = (_: string, value: unknown) => (typeof value === "string" ? plain.lines(value) : value);
  return JSON.stringify({ subjects, summary }, clean, 2);
}

/** Whether something keeps a part of the collector from working. */
export function hasFailed(subjects: readonly ExaminedSubject[]): boolean {
  return countOf(subjects).fail > 0;
}

function countOf(subjects: readonly ExaminedSubject[]): Readonly<Record<CheckStatus, number>> {
  const counts = { ok: 0, warn: 0, fail: 0, skipped: 0 };
  for (const { findings } of subjects) for (const { status } of findings) counts[status]++;
  return counts;
}

function subjectText({ component, name, findings }: ExaminedSubject, plain: PlainText): string {
  const title = name === "" ? component : `${component}: ${name}`;
  const width = Math.max(...findings.map(({ code }) => code.length));
  const told = findings.filter(({ status }) => status !== "skipped");
  const skipped = findings.filter(({ status }) => status === "skipped");
  return [
    plain.line(title),
    ...told.flatMap((finding, at) => {
      const isNews = told.slice(0, at).every(({ code, status }) => status === "ok" || code !== finding.code);
      return findingLines(isNews ? finding : { ...finding, meaning: "" }, { width, plain });
    }),
    ...skippedLines(skipped, { width, plain }),
  ].join("\n");
}

interface Layout {
  readonly width: number;
  readonly plain: PlainText;
}

function findingLines({ status, code, message, meaning, hint, repair }: Finding, { width, plain }: Layout): string[] {
  const lines = [`  ${status.padEnd(7)}  ${code.padEnd(width)}  ${plain.line(message)}`];
  if (status === "ok") return lines;
  const indent = " ".repeat(13 + width);
  if (meaning !== "") lines.push(`${indent}checked: ${plain.line(meaning)}`);
  if (hint !== undefined) lines.push(`${indent}→ ${plain.line(hint)}`);
  const [first] = repair?.sql ?? [];
  if (first !== undefined) {
    const isWhole = repair?.sql.length === 1 && !first.includes("\n");
    const place = repair?.place === undefined ? "" : `on ${plain.line(repair.place)}: `;
    lines.push(`${indent}→ ${place}${isWhole ? plain.line(first) : "--fix-sql has the statements"}`);
  }
  if (repair?.afterwards !== undefined) lines.push(`${indent}→ then ${plain.line(repair.afterwards)}`);
  return lines;
}

/** Checks that were skipped for the same reason share a line. */
function skippedLines(findings: readonly Finding[], { width, plain }: Layout): readonly string[] {
  const byReason = Map.groupBy(findings, ({ message }) => message);
  return [...byReason].map(([reason, [first, ...others]]) => {
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    return `  skipped  ${(first?.code ?? "").padEnd(width)}  ${plain.line(reason)}${more}`;
  });
}
