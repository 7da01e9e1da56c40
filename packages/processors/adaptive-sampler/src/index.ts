export { adaptiveSampler } from "./component.ts";
export type { AdaptiveSamplerConfig } from "./config.ts";
export type { SamplerOptions, SamplingGroup } from "./sampler.ts";
export { Sampler } from "./sampler.ts";
export type { CandidateValues, Verdict } from "./sampling/candidates.ts";
export { Candidates, minimum, none, ordinary, verdicts } from "./sampling/candidates.ts";
