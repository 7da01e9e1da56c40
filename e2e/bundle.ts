import { bundleCollector } from "../scripts/bundling/collector-bundle.ts";

/** What scenarios start is the program as users run it, made of the source as it is now. */
export async function setup(): Promise<void> {
  await bundleCollector();
}
