import type { AnyValue } from "@dbintel/pdata";
import { averageActiveSessions, type WaitProfile, waitCategories, waitShare } from "@dbintel/waits";

/** How a database is called among profiles and findings. */
export function databaseKey(place: { readonly server: string; readonly database: string }): string {
  return `${place.server}/${place.database}`;
}

/** Categories of a profile that are told. */
const mostCategories = 3;

/** What a statement did and waited for, as far as it was sampled. */
export function waitAttributes(profile: WaitProfile | undefined): Readonly<Record<string, AnyValue>> {
  if (profile === undefined || profile.samples === 0) return {};
  const categories = waitCategories
    .map((category) => ({ category, share: waitShare(profile, category).share }))
    .filter(({ share }) => share > 0)
    .toSorted((one, other) => other.share - one.share)
    .slice(0, mostCategories);
  return {
    "db.query.wait.categories": categories.map(({ category }) => category),
    "db.query.wait.shares": categories.map(({ share }) => share),
    "db.query.wait.samples": BigInt(profile.samples),
    "db.query.wait.active_sessions": averageActiveSessions(profile),
  };
}
