import type { CollectorView, Control } from "@dbintel/pipeline";
import type { Answer } from "./answer.ts";

/** What the readiness of one moment is made of. */
interface Moment {
  readonly status: "starting" | "waiting" | "ready" | "stopping";
  /** Whether a receiver has taken in something since the start. */
  readonly data: boolean;
  /** Components in an error of either kind. */
  readonly errors: number;
}

/** 200 when the collector can take data; everything in the answer is of one moment. */
export function readiness(
  collector: CollectorView,
  control: Control | undefined,
  options: { readonly requireData: boolean; readonly closing: boolean },
): Answer {
  const { requireData, closing } = options;
  const states = collector.components().map(({ status }) => status.state);
  const leaves = closing || states.some((state) => state === "stopping" || state === "stopped");
  const data = (control?.accounts() ?? []).some(
    ({ kind, ledger }) => kind === "receiver" && [...ledger.entries()].some(([, { received }]) => received > 0),
  );
  const ready = collector.ready && !closing;
  const missing = leaves ? "stopping" : "starting";
  const status = !ready ? missing : requireData && !data ? "waiting" : "ready";
  const moment: Moment = { status, data, errors: states.filter((state) => state.endsWith("_error")).length };
  return { status: status === "ready" ? 200 : 503, body: moment };
}
