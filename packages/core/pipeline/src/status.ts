/**
 * The state of a component, the OpenTelemetry Collector's component status with what to do about it.
 *
 * `starting` → `ok` ⇄ `recoverable_error` → `stopping` → `stopped`. `permanent_error` needs a person (a wrong
 * password, a missing grant): the component keeps trying where that can help and the others run on.
 */
export type ComponentStatus =
  | { readonly state: "starting" }
  | { readonly state: "ok" }
  | { readonly state: "recoverable_error"; readonly message: string; readonly hint?: string | undefined }
  | { readonly state: "permanent_error"; readonly message: string; readonly hint?: string | undefined }
  | { readonly state: "stopping" }
  | { readonly state: "stopped" };

/** Every state, in the order of a life. */
export const componentStates = [
  "starting",
  "ok",
  "recoverable_error",
  "permanent_error",
  "stopping",
  "stopped",
] as const satisfies readonly ComponentStatus["state"][];

/** True when the second says nothing that the first did not. */
export function sameStatus(first: ComponentStatus, second: ComponentStatus): boolean {
  return first.state === second.state && messageOf(first) === messageOf(second);
}

function messageOf(status: ComponentStatus): string | undefined {
  return "message" in status ? `${status.message}\n${status.hint ?? ""}` : undefined;
}
