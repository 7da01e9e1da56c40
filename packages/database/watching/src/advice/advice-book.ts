import type { LogsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import { atMost } from "../at-most.ts";
import { KeptState } from "../kept-state.ts";
import type { Advice, AdviceKind } from "./advice.ts";
import { type AdviceAttributes, addAdvice } from "./advice-events.ts";
import { adviceChanges, type OpenAdvice } from "./advice-memory.ts";

/** Databases whose open advice is remembered. */
const mostDatabases = 5000;

type KnownAdvice = LRUCache<string, readonly OpenAdvice[]>;
/** Those that were looked at longest ago first. */
type WrittenAdvice = readonly (readonly [place: string, open: readonly OpenAdvice[]])[];

/** What a look has at its disposal. */
export interface AdviceLook {
  readonly logs: LogsBuilder;
  /** The server's clock. */
  readonly timeUnixNano: bigint;
  /** Has something done once everything that was found is taken. */
  readonly onTaken: (action: () => void) => void;
}

/** What was advised of each place: tells each advice when it appears and when it is gone, also over a restart. */
export class AdviceBook {
  readonly #host: Host;
  readonly #endpoint: string;
  readonly #rules: ReadonlyMap<string, AdviceKind>;
  readonly #known: KeptState<KnownAdvice, WrittenAdvice>;

  constructor(args: {
    readonly host: Host;
    /** `host:port`. */
    readonly endpoint: string;
    /** Its name in the component's storage. */
    readonly name: string;
    readonly rules: readonly AdviceKind[];
  }) {
    this.#host = args.host;
    this.#endpoint = args.endpoint;
    this.#rules = new Map(args.rules.map((rule) => [rule.id, rule]));
    this.#known = new KeptState<KnownAdvice, WrittenAdvice>({
      host: args.host,
      name: args.name,
      loss: "every advice is told again",
      initial: remembering([]),
      version: 1,
      write: (known) => [...known.entries()].reverse(),
      read: remembering,
    });
  }

  /** What was told of a place and holds. */
  async open(place: string): Promise<readonly OpenAdvice[]> {
    return (await this.#known.get()).get(place) ?? [];
  }

  /** Tells what has changed at a place since the last look that was taken. */
  async tell(
    { logs, timeUnixNano, onTaken }: AdviceLook,
    args: {
      readonly place: string;
      /** `undefined` for the server as a whole. */
      readonly database: string | undefined;
      readonly found: readonly Advice[];
      /** Rules that were asked. */
      readonly asked: ReadonlySet<string>;
      readonly attributes: (advice: Advice) => AdviceAttributes;
    },
  ): Promise<void> {
    const { place, database, found, asked, attributes } = args;
    const known = await this.#known.get();
    const open = known.get(place) ?? [];
    const changes = adviceChanges({ open, found, asked, nowMicros: Number(timeUnixNano / 1000n) });
    const shared = { server: this.#endpoint, database, timeUnixNano, observedUnixNano: this.#host.clock.unixNano() };
    const tell = (advice: OpenAdvice, state: "open" | "resolved") =>
      addAdvice(logs, {
        ...{ ...shared, attributes: attributes(advice) },
        ...{ advice, rule: this.#rules.get(advice.rule), state },
      });
    for (const advice of changes.appeared) tell(advice, "open");
    for (const advice of changes.resolved) tell(advice, "resolved");
    if (open.length === 0 && changes.open.length === 0) return;
    onTaken(() => {
      known.set(place, changes.open);
      this.#known.set(known);
    });
  }

  close(): Promise<void> {
    return this.#known.close();
  }
}

function remembering(places: WrittenAdvice): KnownAdvice {
  const cache: KnownAdvice = new LRUCache(atMost(mostDatabases));
  for (const [place, advice] of places) cache.set(place, advice);
  return cache;
}
