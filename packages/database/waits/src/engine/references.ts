import { mergeProfiles, noWaits, type WaitProfile } from "../profile/wait-profile.ts";

/** Samples that a reference remembers, fading: some hours of a busy statement. */
const memory = 4_000;

/** What sessions usually wait for: the profiles of past windows, the older the less. */
export class References {
  readonly #max: number;
  /** In the order of their last window. */
  readonly #profiles = new Map<string, WaitProfile>();

  constructor(max: number, profiles: Iterable<readonly [string, WaitProfile]> = []) {
    this.#max = max;
    for (const [key, profile] of profiles) this.#put(key, profile);
  }

  get(key: string): WaitProfile | undefined {
    return this.#profiles.get(key);
  }

  learn(key: string, profile: WaitProfile): void {
    const merged = mergeProfiles(this.#profiles.get(key) ?? noWaits, profile, "successive");
    this.#put(key, merged.samples <= memory ? merged : scaled(merged, memory / merged.samples));
  }

  entries(): IterableIterator<[string, WaitProfile]> {
    return this.#profiles.entries();
  }

  #put(key: string, profile: WaitProfile): void {
    this.#profiles.delete(key);
    this.#profiles.set(key, profile);
    if (this.#profiles.size <= this.#max) return;
    const [oldest] = this.#profiles.keys();
    if (oldest !== undefined) this.#profiles.delete(oldest);
  }
}

/** The same shares as if fewer samples had been taken. */
function scaled(profile: WaitProfile, factor: number): WaitProfile {
  return {
    samples: profile.samples * factor,
    seconds: profile.seconds * factor,
    squares: profile.squares * factor,
    windowSeconds: profile.windowSeconds * factor,
    samplesByCategory: profile.samplesByCategory.map((count) => count * factor),
    secondsByCategory: profile.secondsByCategory.map((seconds) => seconds * factor),
  };
}
