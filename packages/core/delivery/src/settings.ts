import { duration } from "@dbintel/config";
import { type DeadLetterSettings, deadLetterSettings } from "./dead-letters/dead-letter-settings.ts";
import { type QueueSettings, queueSettings } from "./queue-settings.ts";
import { type RetrySettings, retrySettings } from "./retry-settings.ts";

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
