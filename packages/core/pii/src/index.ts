export type { Detector, SensitivityLevel, Verdict } from "./detector.ts";
export { sensitivityLevels } from "./detector.ts";
export { detectorsAt, entities } from "./detectors.ts";
export type { PayloadCheckOptions, Violation } from "./payload-check.ts";
export { PayloadCheck } from "./payload-check.ts";
export type { Finding } from "./scanner.ts";
export { Scanner } from "./scanner.ts";
export { isSensitiveKey, sensitiveKeySign } from "./sensitive-key.ts";
