import { stringify } from "yaml";
import type { CollectorConfig } from "./collector-config.ts";
import type { ComponentType } from "./registry.ts";

/** How to print; default `yaml`. */
export interface PrintOptions {
  readonly format?: "yaml" | "json";
}

/** The configuration that is in effect: every default filled in, every secret as `[REDACTED]`. */
export function redactedConfig<Definition extends ComponentType>(
  config: Pick<CollectorConfig<Definition>, "effective">,
  { format = "yaml" }: PrintOptions = {},
): string {
  const effective = config.effective();
  return format === "json" ? JSON.stringify(effective, undefined, 2) : stringify(effective, { lineWidth: 0 });
}
