export { argumentError, kindOf } from "./argument.ts";
export type { ErrorCode } from "./codes.ts";
export { errorCodes } from "./codes.ts";
export type { ConsumeError, ConsumeErrorInit } from "./consume-error.ts";
export {
  isConsumeError,
  PartialError,
  PermanentError,
  RefusedError,
  RetryableError,
  toConsumeError,
} from "./consume-error.ts";
export type { DbintelErrorInit } from "./dbintel-error.ts";
export { DbintelError, isDbintelError } from "./dbintel-error.ts";
export type { DriverError } from "./driver-message.ts";
export { driverMessage } from "./driver-message.ts";
export type { NetworkFailure } from "./network-failure.ts";
export { certificateHint, networkCode, networkFailure } from "./network-failure.ts";
