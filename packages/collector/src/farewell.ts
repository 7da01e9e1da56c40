import type { Logger, RunningComponent } from "@dbintel/pipeline";

type Account = Pick<RunningComponent, "kind" | "id" | "pipeline" | "status" | "ledger">;

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

/** Notes the accounts at the beginning of a shutdown; at its end the result says what was not delivered, and to whom. */
export function farewell(components: () => readonly Account[]): { undelivered(): readonly Undelivered[] } {
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
          const [kept, lost] = stays ? [Math.max(0, held), 0] : [0, Math.max(0, held)];
          if (during.length === 0 && kept + lost === 0) return [];
          return [{ component, signal, dropped: Object.fromEntries(during), kept, lost }];
        }),
      ),
  };
}

/** One line for each component and signal that could not deliver everything, and one for all of them. */
export function tellUndelivered(all: readonly Undelivered[], logger: Logger): void {
  for (const { component, signal, dropped, kept, lost } of all) {
    const { kind, id, pipeline } = component;
    const place = { "otelcol.component.kind": kind, "otelcol.component.id": id, "otelcol.pipeline.id": pipeline };
    const fields = { ...place, "otelcol.signal": signal, dropped, kept_on_disk: kept, lost };
    logger.warn(fields, "not everything could be delivered before the end");
  }
}

/** Copied: the ledger goes on. */
function droppedBy({ ledger }: Account): ReadonlyMap<string, ReadonlyMap<string, number>> {
  return new Map([...ledger.entries()].map(([signal, { dropped }]) => [signal, new Map(dropped)]));
}
