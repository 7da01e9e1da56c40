import type { LogRecord, Span } from "@dbintel/pdata";
import { defineProcessor } from "@dbintel/pipeline";
import { AdaptiveSampler } from "./adaptive-sampler.ts";
import { adaptiveSamplerConfig } from "./config.ts";
import { PassOn } from "./pass-on.ts";
import { rulesOf } from "./rule.ts";
import { traits } from "./traits.ts";

/** The processor `adaptive_sampler`: keeps a share of logs and spans from which sums can be estimated. */
export const adaptiveSampler = defineProcessor({
  type: "adaptive_sampler",
  aliases: ["adaptivesampler"],
  description: "Samples logs and spans within a goal, so that sums stay unbiased and nothing rare is lost.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: adaptiveSamplerConfig,
  create: ({ signal, next, ...args }) => {
    const { config } = args;
    switch (signal) {
      case "logs":
        return new AdaptiveSampler<"logs", LogRecord>({
          ...args,
          next,
          kind: {
            signal,
            items: (batch) => batch.records(),
            rules: rulesOf(config, "log"),
            traits: traits.log(config),
          },
        });
      case "traces":
        return new AdaptiveSampler<"traces", Span>({
          ...args,
          next,
          kind: {
            signal,
            items: (batch) => batch.spans(),
            rules: rulesOf(config, "span"),
            traits: traits.span(config),
          },
        });
      case "metrics":
        return new PassOn(next);
    }
  },
});
