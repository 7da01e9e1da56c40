import type { BlockingRoot } from "../blocking/blocking-forest.ts";
import { averageActiveSessions, classShare } from "../profile/wait-profile.ts";
import type { BlockerFacts } from "./evidence.ts";
import { isUnusual } from "./severity.ts";
import { items, type Rule, type Scene, type Sign } from "./sign.ts";

/** Modes of locks that wait for, and hold up, everybody who uses a table, as PostgreSQL and MySQL call them. */
const exclusiveModes: ReadonlySet<string> = new Set([
  "AccessExclusiveLock",
  "ExclusiveLock",
  "EXCLUSIVE",
  "SHARED_NO_READ_WRITE",
]);

/** What blocking is taken to cost where nothing was sampled: sessions wait for certain, of how many is not known. */
const unsampledShare = 0.5;

/** Sessions that hold others up, and why: one finding for each root. */
export const blockingRoots: Rule = (scene) =>
  (scene.blocking?.roots ?? [])
    .filter(({ longestSeconds }) => longestSeconds >= scene.settings.minBlockedSeconds)
    .map((root) => signOf(scene, root, scene.blockers?.get(root.session)));

function signOf(scene: Scene, root: BlockingRoot, facts: BlockerFacts | undefined): Sign {
  const waits = scene.waits !== undefined && scene.waits.samples > 0 ? scene.waits : undefined;
  const { blockedSessions, blockedSeconds, longestSeconds } = root;
  const locks = waits && classShare(waits, "lock");
  // Of all that wait for locks, as many as wait for this root.
  const part = blockedSeconds / Math.max(totalBlocked(scene), Number.MIN_VALUE);
  const impact = (locks?.share ?? unsampledShare) * part;
  return {
    ...kindOf(root, facts),
    impact,
    // Who waits for whom is told by the server, not guessed; how much it costs is sampled.
    confidence: locks === undefined || locks.share === 0 ? 0.5 : Math.max(0.5, locks.low / locks.share),
    weight: {
      share: impact,
      sessions: Math.max(blockedSessions, waits === undefined ? 0 : averageActiveSessions(waits) * impact),
      usual: scene.usual?.byClass.lock,
      affectedSessions: blockedSessions,
      longestSeconds,
    },
    evidence: items({
      root_session: [root.session, ""],
      blocked_sessions: [blockedSessions, "{session}"],
      blocked_time: [blockedSeconds, "s"],
      longest_wait: [longestSeconds, "s"],
      depth: [root.depth, "1"],
      relations: [root.relations.length === 0 ? undefined : root.relations.join(", "), ""],
      lock_modes: [root.lockModes.length === 0 ? undefined : root.lockModes.join(", "), ""],
      transaction_time: [facts?.transactionSeconds, "s"],
      root_query: [facts?.query, ""],
    }),
  };
}

function totalBlocked({ blocking }: Scene): number {
  return (blocking?.roots ?? []).reduce((total, { blockedSeconds }) => total + blockedSeconds, 0);
}

function kindOf(root: BlockingRoot, facts: BlockerFacts | undefined): Pick<Sign, "code" | "recommendation"> {
  if (root.inCycle) {
    return {
      code: "lock_cycle",
      recommendation:
        "Let transactions take their locks in the same order; if the server does not end one of them, cancel one.",
    };
  }
  if (facts?.idleInTransaction === true) {
    return {
      code: "idle_in_transaction_blocker",
      recommendation:
        "End the session that is idle in its transaction, set a timeout for such sessions, and commit before waiting for anything else.",
    };
  }
  if (root.depth > 1 && root.lockModes.some((mode) => exclusiveModes.has(mode))) {
    return {
      code: "metadata_lock_queue",
      recommendation:
        "Cancel the change of the schema that waits behind a long transaction: everybody else waits behind it. Run it again with a lock timeout.",
    };
  }
  return {
    code: "blocking_root",
    recommendation: "Let the blocking session finish or cancel it, and make its transaction shorter.",
  };
}

/** Connections are made much faster than usual: a pool that reconnects, or none. */
export const connectionStorm: Rule = ({ connections, settings, waits }) => {
  const made = connections?.made;
  if (connections === undefined || made === undefined || !isUnusual(made, settings.unusualRatio)) return [];
  // How near the end is: with a limit that is not known, a quarter of the way.
  const impact = connections.max === undefined ? 0.25 : Math.min(1, connections.open / connections.max);
  return [
    {
      code: "connection_storm",
      impact,
      confidence: made.deviations / (made.deviations + 1),
      weight: { share: impact, sessions: waits === undefined ? 1 : averageActiveSessions(waits), usual: made },
      evidence: items({
        connections_made: [made.value, "{connection}/s"],
        connections_made_usually: [made.usual, "{connection}/s"],
        ratio_to_usual: [made.ratio, "1"],
        connections_open: [connections.open, "{connection}"],
        connections_max: [connections.max, "{connection}"],
      }),
      recommendation: "Use a connection pool, and check why clients connect anew: errors, timeouts or a restart.",
    },
  ];
};

/** Few connections are left. */
export const fewConnectionsLeft: Rule = ({ connections }) => {
  if (connections?.max === undefined || connections.max <= 0) return [];
  const used = connections.open / connections.max;
  if (used < 0.9) return [];
  return [
    {
      code: "connections_exhausted",
      impact: Math.min(1, used),
      confidence: 1,
      weight: { share: Math.min(1, used), sessions: connections.open },
      evidence: items({
        connections_open: [connections.open, "{connection}"],
        connections_max: [connections.max, "{connection}"],
        used_share: [used, "1"],
      }),
      recommendation: "Close idle connections or pool them; allowing more costs memory and makes overload worse.",
    },
  ];
};
