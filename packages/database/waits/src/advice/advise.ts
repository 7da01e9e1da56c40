import { type Composite, composites } from "./composites.ts";
import { blockingRoots, connectionStorm, fewConnectionsLeft } from "./database-rules.ts";
import { deadlocks } from "./deadlock-rules.ts";
import type { Evidence } from "./evidence.ts";
import { severities, type WaitFinding } from "./finding.ts";
import { slowByWaits } from "./objective-rules.ts";
import { type AdvisorSettings, defaultAdvisorSettings } from "./settings.ts";
import { priorityOf, severityOf } from "./severity.ts";
import { type Rule, type Sign, sceneOf } from "./sign.ts";
import { changedPlan, inefficientJoin, missingIndex, temporaryData } from "./statement-rules.ts";
import { byUrgency } from "./urgency.ts";
import { loadSpike, processors, shiftOfWaits, waitKinds } from "./wait-rules.ts";

const rules: readonly Rule[] = [
  waitKinds,
  loadSpike,
  shiftOfWaits,
  processors,
  missingIndex,
  inefficientJoin,
  temporaryData,
  slowByWaits,
  changedPlan,
  blockingRoots,
  deadlocks,
  connectionStorm,
  fewConnectionsLeft,
];

/**
 * What the evidence shows and what can be done, the most pressing first. All findings are told, none replaces another; what
 * several of them show together is told besides them. Nothing is found where nothing was seen.
 */
export function advise(args: {
  readonly evidence: Evidence;
  /** Milliseconds since 1970, by the clock of the evidence. */
  readonly nowMs: number;
  readonly settings?: Partial<AdvisorSettings> | undefined;
}): readonly WaitFinding[] {
  const { evidence, nowMs } = args;
  const scene = sceneOf(evidence, { ...defaultAdvisorSettings, ...args.settings }, nowMs);
  const signs = rules.flatMap((rule) => rule(scene));
  const subject = { database: evidence.database, query: evidence.query };
  const findings = [
    ...signs.map((sign): WaitFinding => ({ ...subject, ...judged(sign), parts: [] })),
    ...composites.flatMap((composite) => combined(composite, signs)).map((finding) => ({ ...subject, ...finding })),
  ];
  return findings.toSorted(byUrgency);
}

type Judged = Omit<WaitFinding, "database" | "query" | "parts">;

function judged({ code, impact, confidence, weight, evidence, recommendation }: Sign): Judged {
  return {
    code,
    severity: severityOf(weight),
    priority: priorityOf(impact, confidence),
    impact,
    confidence,
    evidence,
    recommendation,
  };
}

/**
 * A composite costs what its costliest part does. Its parts are seen by different means, so that it is wrong only when all
 * of them are: its confidence is 1 - ∏ (1 - cᵢ).
 */
function combined({ code, parts, recommendation }: Composite, signs: readonly Sign[]) {
  const found = parts.map((codes) =>
    signs.filter((sign) => codes.includes(sign.code)).toSorted((one, other) => other.impact - one.impact),
  );
  const members = found.flatMap(([first]) => first ?? []);
  if (members.length < parts.length) return [];
  const impact = Math.max(...members.map((sign) => sign.impact));
  const confidence = 1 - members.reduce((doubt, sign) => doubt * (1 - sign.confidence), 1);
  const levels = members.map(({ weight }) => severities.indexOf(severityOf(weight)));
  const composite: Omit<WaitFinding, "database" | "query"> = {
    code,
    severity: severities[Math.max(...levels)] ?? "low",
    priority: priorityOf(impact, confidence),
    impact,
    confidence,
    evidence: Object.fromEntries(
      members.flatMap((sign) => Object.entries(sign.evidence).map(([name, value]) => [`${sign.code}.${name}`, value])),
    ),
    recommendation,
    parts: members.map((sign) => sign.code),
  };
  return [composite];
}
