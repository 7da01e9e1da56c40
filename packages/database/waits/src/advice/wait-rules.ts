import type { Comparison } from "../baseline/baselines.ts";
import { type WaitCategory, type WaitClass, waitClassOf } from "../category.ts";
import { averageActiveSessions, waitShare } from "../profile/wait-profile.ts";
import type { SignCode } from "./finding.ts";
import { isUnusual } from "./severity.ts";
import { databaseShare, items, type Rule, type Scene, type Sign } from "./sign.ts";

/** A kind of wait that is worth a finding where it takes much of the time. */
interface WaitKind {
  readonly code: SignCode;
  readonly categories: readonly WaitCategory[];
  /** What to do about a statement, and about a database. */
  readonly statement: string;
  readonly database: string;
}

const kinds: readonly WaitKind[] = [
  {
    code: "lock_contention",
    categories: ["lock_row", "lock_table", "lock_user"],
    statement: "Make the transactions around this statement shorter and let them take their rows in the same order.",
    database: "Find the session at the root of the blocking and end or shorten its transaction.",
  },
  {
    code: "metadata_lock_contention",
    categories: ["lock_metadata"],
    statement: "Run changes of the schema with a lock timeout and outside of long transactions.",
    database:
      "Find the transaction that holds the definition of the table and end it, or cancel the change of the schema.",
  },
  {
    code: "io_bound",
    categories: ["io_data"],
    statement: "Look at the plan for what it reads: an index or a narrower condition saves more than a larger cache.",
    database: "Find the statements that read most, then compare the working set with the size of the buffer cache.",
  },
  {
    code: "temporary_io",
    categories: ["io_temp"],
    statement: "Give the sort or hash more memory for this statement, or let it sort and group fewer rows.",
    database: "Raise the memory for sorts and hashes, or reduce the statements that spill to disk.",
  },
  {
    code: "log_flush_pressure",
    categories: ["io_log"],
    statement: "Put several changes into one transaction so that fewer commits wait for the log.",
    database: "Put the log on faster storage, group commits, and check for many small transactions.",
  },
  {
    code: "network_bound",
    categories: ["network"],
    statement: "Return fewer rows or columns, and let the client read the result faster.",
    database: "Check clients that read slowly or stop in the middle of a request, and the network in between.",
  },
  {
    code: "buffer_contention",
    categories: ["buffer"],
    statement: "Spread what is changed over more pages, or change the same page less often at the same time.",
    database:
      "Look for pages that many sessions use at once, such as the end of an index, and for scans that push others out.",
  },
  {
    code: "latch_contention",
    categories: ["latch"],
    statement: "Run fewer of these statements at the same time.",
    database: "Reduce the number of sessions that are active at once, for example by a smaller connection pool.",
  },
  {
    code: "replication_wait",
    categories: ["replication"],
    statement: "Check whether this change needs to wait for a replica before it commits.",
    database: "Check the replica that commits wait for, and the network to it.",
  },
];

/** Kinds of waits that take a good part of the time, for certain and enough to matter. */
export const waitKinds: Rule = (scene) => {
  const { waits, settings } = scene;
  if (waits === undefined || waits.samples < settings.minSamples) return [];
  return kinds.flatMap((kind) => {
    const { share, low, high } = waitShare(waits, ...kind.categories);
    const sessions = averageActiveSessions(waits) * share;
    if (low < settings.minShare || sessions < settings.minSessions) return [];
    const impact = databaseShare(scene, share * waits.seconds);
    const waitClass = classOf(kind);
    const usual = scene.usual?.byClass[waitClass];
    return {
      code: kind.code,
      impact,
      confidence: low / share,
      weight: { share: scene.query === undefined ? low : impact, sessions, usual },
      evidence: items({
        share: [share, "1"],
        share_low: [low, "1"],
        share_high: [high, "1"],
        samples: [waits.samples, "{sample}"],
        average_sessions: [sessions, "{session}"],
        ...usualItems(scene, usual),
      }),
      recommendation: scene.query === undefined ? kind.database : kind.statement,
    } satisfies Sign;
  });
};

function classOf({ categories }: WaitKind): WaitClass {
  return waitClassOf(categories[0] ?? "other");
}

/** What is usual is known of databases, so that of a statement the figures say whose they are. */
function usualItems({ query }: Scene, usual: Comparison | undefined) {
  if (query === undefined) {
    return { usual_sessions: [usual?.usual, "{session}"], ratio_to_usual: [usual?.ratio, "1"] } as const;
  }
  return {
    database_sessions: [usual?.value, "{session}"],
    database_usual_sessions: [usual?.usual, "{session}"],
    database_ratio_to_usual: [usual?.ratio, "1"],
  } as const;
}

/** More sessions are active than at this hour on other days; of a statement: and it takes a good part of their time. */
export const loadSpike: Rule = (scene) => {
  const { waits, usual, settings } = scene;
  const all = usual?.all;
  if (waits === undefined || all === undefined || waits.samples < settings.minSamples) return [];
  if (!isUnusual(all, settings.unusualRatio)) return [];
  const share = databaseShare(scene, waits.seconds);
  if (share < settings.minShare) return [];
  const sessions = averageActiveSessions(waits);
  // What is above the usual is what the spike costs.
  const impact = share * Math.max(0, 1 - all.usual / Math.max(all.value, Number.MIN_VALUE));
  return [
    {
      code: "load_spike",
      impact,
      confidence: all.deviations / (all.deviations + 1),
      // More that compute are a busy time; more that wait are trouble.
      weight: { share: impact * (1 - waitShare(waits, "cpu").share), sessions, usual: all },
      evidence: items({
        average_sessions: [sessions, "{session}"],
        load_share: [scene.query === undefined ? undefined : share, "1"],
        ...usualItems(scene, all),
        samples: [waits.samples, "{sample}"],
      }),
      recommendation:
        "Look at what has grown: the statements with most time now, and whether they run more often or longer.",
    },
  ];
};

/** Sessions wait for something else than before. */
export const shiftOfWaits: Rule = (scene) => {
  const { shift, waits } = scene;
  if (shift === undefined || waits === undefined || !shift.shifted) return [];
  const { gained, lost } = shift;
  // A statement that computes more than it waits is no worry by itself.
  if (gained.category === "cpu") return [];
  const impact = databaseShare(scene, shift.moved * waits.seconds);
  return [
    {
      code: "wait_shift",
      impact,
      confidence: 1 - shift.pValue,
      weight: { share: impact, sessions: averageActiveSessions(waits) * shift.moved, usual: scene.usual?.all },
      evidence: items({
        gained_category: [gained.category, ""],
        gained_share_before: [gained.before, "1"],
        gained_share_after: [gained.after, "1"],
        lost_category: [lost.category, ""],
        cramers_v: [shift.cramersV, "1"],
        p_value: [shift.pValue, "1"],
        samples_before: [shift.samplesBefore, "{sample}"],
        samples_after: [shift.samplesAfter, "{sample}"],
      }),
      recommendation: `Find out why it waits for ${spoken(gained.category)} now: another plan, other data, or another session.`,
    },
  ];
};

function spoken(category: WaitCategory): string {
  return category.replace("_", " ");
}

/** More sessions compute than there are processors. */
export const processors: Rule = ({ waits, cores, query, settings, usual }) => {
  if (waits === undefined || query !== undefined || cores === undefined || waits.samples < settings.minSamples)
    return [];
  const { share, low } = waitShare(waits, "cpu");
  const sessions = averageActiveSessions(waits) * share;
  if (sessions < 0.8 * cores) return [];
  return [
    {
      code: "cpu_saturation",
      impact: share,
      confidence: low / share,
      weight: { share: low, sessions, usual: usual?.byClass.cpu },
      evidence: items({
        average_sessions: [sessions, "{session}"],
        cores: [cores, "1"],
        share: [share, "1"],
        samples: [waits.samples, "{sample}"],
      }),
      recommendation: "Find the statements with most processor time, or limit how many sessions run at once.",
    },
  ];
};
