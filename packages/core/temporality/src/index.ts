export type { Undo } from "./conversion.ts";
export { Converter } from "./converter.ts";
export type { CumulativeToDeltaOptions, InitialValue } from "./cumulative-to-delta.ts";
export { CumulativeToDelta, initialValues } from "./cumulative-to-delta.ts";
export { DeltaToCumulative } from "./delta-to-cumulative.ts";
export type { SeriesMemoryOptions } from "./series-memory.ts";
export { SeriesMemory } from "./series-memory.ts";
export { conversionSettings, silence } from "./settings.ts";
export { undoneOnRefusal } from "./undoing.ts";
