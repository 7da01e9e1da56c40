import { expect } from "vitest";
import type { RunningComponent } from "../../graph-node.ts";

/** Expects received = sent + dropped + refused + held of a component that has no call under way. */
export function expectBalanced(component: RunningComponent | undefined): void {
  expect(component, "the component is in the graph").toBeDefined();
  if (component === undefined) return;
  for (const [signal, entry] of component.ledger.entries()) {
    const { received, sent, refused, dropped, held } = entry;
    const message = `${signal}: ${JSON.stringify({ received, sent, refused, dropped: [...dropped], held })}`;
    expect(component.held(signal), `what the component says it holds, ${message}`).toBe(held);
    expect(held, message).toBeGreaterThanOrEqual(0);
  }
}
