import { duration } from "@dbintel/config";
import type { z } from "zod";
import { type DeadLetterSettings, deadLetterSettings } from "./dead-letters/dead-letter-settings.ts";
import { type RetrySettings, retrySettings } from "./destination/retry-settings.ts";
import { type QueueSettings, queueSettings } from "./queue/queue-settings.ts";

export interface DeliverySettingsOptions {
  /** The default of `timeout`, as it is written in a configuration. Default "5s". */
  readonly timeout?: string;
}

/** The keys that every exporter with a queue has, to be spread into its own `z.strictObject`. */
export function deliverySettings({ timeout = "5s" }: DeliverySettingsOptions = {}) {
  return {
    timeout: duration().prefault(timeout).describe("How long one attempt may take; 0 is no limit."),
    retry_on_failure: retrySettings.describe("What happens after an error that can pass."),
    sending_queue: queueSettings.describe("The queue in front of the destination."),
    dead_letters: deadLetterSettings
      .optional()
      .describe("Keeps what the destination will never take, redacted, to be looked at and sent again."),
  };
}

/** The values of {@link deliverySettings}, which every exporter's configuration includes. */
export interface DeliverySettings {
  /** Milliseconds; 0 is no limit. */
  readonly timeout: number;
  readonly retry_on_failure: RetrySettings;
  readonly sending_queue: QueueSettings;
  readonly dead_letters?: DeadLetterSettings | undefined;
}

/** What contradicts itself across the keys of {@link deliverySettings}: for the `superRefine` of the object they are in. */
export function checkDelivery(values: DeliverySettings, context: z.core.$RefinementCtx): void {
  const key = impatientKey(values);
  if (key === undefined) return;
  const message = "cannot be used with dead_letters: a caller that waits for the destination has its data back";
  context.addIssue({ code: "custom", path: ["sending_queue", key], message });
}

/**
 * The key by which callers wait for the destination's answer although there are dead letters. They are given back what
 * it rejects: there is nothing to keep then.
 */
export function impatientKey(values: DeliverySettings): "enabled" | "wait_for_result" | undefined {
  const { dead_letters: letters, sending_queue: queue } = values;
  if (letters === undefined) return undefined;
  if (!queue.enabled) return "enabled";
  return queue.wait_for_result ? "wait_for_result" : undefined;
}
