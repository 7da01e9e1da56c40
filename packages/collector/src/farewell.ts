import type { Logger, RunningComponent } from "@dbintel/pipeline";

type Account = Pick<RunningComponent, "kind" | "id" | "pipeline" | "status" | "ledger" | "held">;

/** What a component did not deliver in a shutdown, of one signal. */
interface Undelivered {
  readonly component: Account;
  readonly signal: string;
  /** Given up while it stopped, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Left where the next start finds it. */
  readonly kept: number;
  /** Held by a component that did not stop in time: gone with the process. */
  readonly lost: number;
}

/** An account whose items do not all have a fate. */
interface Unbalanced {
  readonly component: Account;
  readonly signal: string;
  /** Came in and are nowhere; below zero: went out and never came in. */
  readonly items: number;
}

/** What a look at all accounts has found. */
interface Audit {
  /** How many were looked at: one for each component and signal. */
  readonly accounts: number;
  readonly unbalanced: readonly Unbalanced[];
}

/** Notes the accounts at the beginning of a shutdown; at its end the result says what was not delivered, and to whom. */
export function farewell(components: () => readonly Account[]): {
  undelivered(): readonly Undelivered[];
  audit(): Audit;
} {
  const before = new Map(components().map((component) => [component, droppedBy(component)]));
  return {
    undelivered: () =>
      components().flatMap((component) =>
        [...component.ledger.entries()].flatMap(([signal, { dropped, held }]): Undelivered[] => {
          const earlier = before.get(component)?.get(signal);
          const during = [...dropped]
            .map(([reason, items]) => [reason, items - (earlier?.get(reason) ?? 0)] as const)
            .filter(([, items]) => items > 0);
          const stays = component.status.state === "stopped";
          const [kept, lost] = stays ? [component.held(signal), 0] : [0, Math.max(0, held)];
          if (during.length === 0 && kept + lost === 0) return [];
          return [{ component, signal, dropped: Object.fromEntries(during), kept, lost }];
        }),
      ),
    audit: () => audit(components()),
  };
}

/**
 * Compares what each account says is still there with what the component itself says it has: once nothing is under way
 * any more, the two are the same unless items were lost, or counted twice, without a word.
 */
function audit(components: readonly Account[]): Audit {
  let accounts = 0;
  const unbalanced: Unbalanced[] = [];
  // One that did not stop in time may be in the middle of something: what it has is told as lost.
  for (const component of components.filter(({ status }) => status.state === "stopped")) {
    for (const [signal, { held }] of component.ledger.entries()) {
      accounts++;
      const items = held - component.held(signal);
      if (items !== 0) unbalanced.push({ component, signal, items });
    }
  }
  return { accounts, unbalanced };
}

/** One line for each account that does not balance: a defect of the collector, which nobody else would notice. */
export function tellUnbalanced({ unbalanced }: Audit, logger: Logger): void {
  for (const { component, signal, items } of unbalanced) {
    const message = "the account of a component does not balance: report this";
    logger.error({ ...placeOf(component), "otelcol.signal": signal, unaccounted: items }, message);
  }
}

/** One line for each component and signal that could not deliver everything, and one for all of them. */
export function tellUndelivered(all: readonly Undelivered[], logger: Logger): void {
  for (const { component, signal, dropped, kept, lost } of all) {
    const fields = { ...placeOf(component), "otelcol.signal": signal, dropped, kept_on_disk: kept, lost };
    logger.warn(fields, "not everything could be delivered before the end");
  }
}

function placeOf({ kind, id, pipeline }: Account) {
  return { "otelcol.component.kind": kind, "otelcol.component.id": id, "otelcol.pipeline.id": pipeline };
}

/** Copied: the ledger goes on. */
function droppedBy({ ledger }: Account): ReadonlyMap<string, ReadonlyMap<string, number>> {
  return new Map([...ledger.entries()].map(([signal, { dropped }]) => [signal, new Map(dropped)]));
}
