import type { ExaminedSubject, Finding } from "./examination.ts";
import type { PlainText } from "./plain-text.ts";

/**
 * One script with every repair in the order of the checks, subject by subject, each with the reason for it. Nothing
 * runs it but the person who has read it; running it twice changes nothing.
 */
export function repairScript(subjects: readonly ExaminedSubject[], plain: PlainText): string {
  const parts = subjects.flatMap((subject) => {
    const repairs = subject.findings.filter(({ repair }) => repair !== undefined);
    const places = Map.groupBy(repairs, ({ repair }) => repair?.place ?? "this server");
    return [...places].map(([place, findings]) => placeScript({ subject, place, findings, plain }));
  });
  const others = subjects.flatMap((subject) => beyondSql(subject, plain));
  const script = parts.length === 0 ? "-- nothing to repair by SQL" : parts.join("\n\n");
  return others.length === 0 ? script : [script, "", "-- What fails and no SQL repairs:", ...others].join("\n");
}

/** The failures of a subject that has no repair at all; others may go with what its statements repair. */
function beyondSql({ component, name, findings }: ExaminedSubject, plain: PlainText): readonly string[] {
  if (findings.some(({ repair }) => repair !== undefined)) return [];
  const place = name === "" ? component : `${component}, ${name}`;
  return findings
    .filter(({ status }) => status === "fail")
    .map(({ code, message }) => `--   ${plain.line(place)}: ${code} ${plain.line(message)}`);
}

/** What is run at one server. */
function placeScript(args: {
  readonly subject: ExaminedSubject;
  readonly place: string;
  readonly findings: readonly Finding[];
  readonly plain: PlainText;
}): string {
  const { subject, place, findings, plain } = args;
  const { component, name } = subject;
  const lines = [
    `-- ${plain.line(name)} (${plain.line(component)}): run as an administrator of ${plain.line(place)}, from top to bottom`,
  ];
  const afterwards = new Set<string>();
  let entered: string | undefined;
  for (const { code, status, message, repair } of findings) {
    if (repair === undefined) continue;
    lines.push("", `-- ${code} ${status}: ${plain.line(message)}`);
    if (repair.enter !== undefined && repair.enter !== entered) lines.push(plain.line(repair.enter));
    entered = repair.enter ?? entered;
    lines.push(...repair.sql.map((sql) => plain.lines(sql)));
    if (repair.afterwards !== undefined) afterwards.add(repair.afterwards);
  }
  if (afterwards.size > 0)
    lines.push("", "-- Afterwards:", ...[...afterwards].map((text) => `--   ${plain.line(text)}`));
  return lines.join("\n");
}
