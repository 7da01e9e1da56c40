export { Secret, secret } from "./secret.ts";
export type { Bytes, Milliseconds } from "./units.ts";
export { byteSize, duration, parseByteSize, parseDuration } from "./units.ts";
