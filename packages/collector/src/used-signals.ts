import { type Signal, signals } from "@dbintel/pdata";
import type { DistributionConfig } from "./configuration.ts";

/** The signals that the pipelines use a receiver, exporter or connector for; all when no pipeline names it. */
export function usedSignals({ service }: Pick<DistributionConfig, "service">, id: string): readonly Signal[] {
  const naming = [...service.pipelines.values()].filter(
    ({ receivers, exporters }) => receivers.includes(id) || exporters.includes(id),
  );
  if (naming.length === 0) return signals;
  return signals.filter((signal) => naming.some((pipeline) => pipeline.signal === signal));
}
