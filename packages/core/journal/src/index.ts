export type { SegmentJournalArgs } from "./segment-journal.ts";
export { openJournal } from "./segment-journal.ts";
