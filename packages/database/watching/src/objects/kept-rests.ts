import type { Host } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { KeptState } from "../kept-state.ts";
import { type KeptRest, keptRest } from "./rest-row.ts";

/** Sums that are kept: those of the places that were looked at last. */
const mostRests = 100;

type Rests = LRUCache<string, KeptRest>;
const written = z.array(z.tuple([z.string(), keptRest]));

/** Keeps over a restart what the relations of each place, such as a database, have counted that have no series of their own. */
export class KeptRests {
  readonly #state: KeptState<Rests, z.input<typeof written>>;

  constructor(host: Host) {
    this.#state = new KeptState<Rests, z.input<typeof written>>({
      host,
      name: "objects",
      loss: "what tables and indexes without series of their own have counted since the last run is not told",
      initial: remembering([]),
      version: 1,
      write: (rests) => written.encode([...rests.entries()].reverse()),
      read: (rests) => remembering(written.safeDecode(rests).data ?? []),
    });
  }

  async get(place: string): Promise<KeptRest | undefined> {
    return (await this.#state.get()).get(place);
  }

  async set(place: string, rest: KeptRest): Promise<void> {
    const rests = await this.#state.get();
    rests.set(place, rest);
    this.#state.set(rests);
  }

  forget(): void {
    this.#state.forget();
  }

  close(): Promise<void> {
    return this.#state.close();
  }
}

function remembering(rests: z.output<typeof written>): Rests {
  const cache: Rests = new LRUCache({ max: mostRests });
  for (const [place, rest] of rests) cache.set(place, rest);
  return cache;
}
