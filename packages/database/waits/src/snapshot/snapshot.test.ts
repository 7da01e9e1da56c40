import { expect, it } from "vitest";
import { noBaseline } from "../baseline/baseline.ts";
import { waitCategories } from "../category.ts";
import { noWaits } from "../profile/wait-profile.ts";
import { decodeSnapshot, encodeSnapshot, type WaitSnapshot } from "./snapshot.ts";

const counts = waitCategories.map((_, ordinal) => ordinal);
const snapshot: WaitSnapshot = {
  baselines: [
    [
      "db\u0000all",
      { day: { count: 30, centre: 2.5, spread: 0.25 }, hours: new Map([[23, { count: 3, centre: 4, spread: 1 }]]) },
    ],
    ["db\u0000ä", { ...noBaseline, day: { count: 1, centre: 0, spread: 0 } }],
  ],
  references: [
    ["db", { ...noWaits, samples: 136, seconds: 13.6, squares: 1.36, windowSeconds: 300, samplesByCategory: counts }],
  ],
};

it("is read as it was written", () => {
  expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual(snapshot);
  expect(decodeSnapshot(encodeSnapshot({ baselines: [], references: [] }))).toEqual({ baselines: [], references: [] });
});

it("keeps seven digits", () => {
  const day = { count: 123_456_789, centre: 1 / 3, spread: 0 };
  const read = decodeSnapshot(encodeSnapshot({ baselines: [["k", { ...noBaseline, day }]], references: [] }));
  expect(read?.baselines[0]?.[1].day).toEqual({ count: 123_456_789, centre: 0.3333333, spread: 0 });
});

it("fills categories that are new", () => {
  const bytes = new TextEncoder().encode('{"version":1,"baselines":[],"references":[["k",3,3,3,60,[1,2],[1,2]]]}');
  const [, profile] = decodeSnapshot(bytes)?.references[0] ?? [];
  expect(profile?.samplesByCategory).toEqual(waitCategories.map((_, ordinal) => [1, 2][ordinal] ?? 0));
});

it.each([
  "",
  "null",
  "[]",
  "{}",
  '{"version":2,"baselines":[],"references":[]}',
  '{"version":1,"baselines":[]}',
  '{"version":1,"baselines":{},"references":[]}',
  '{"version":1,"baselines":[["k",[0,1,1],[]]],"references":[]}',
  '{"version":1,"baselines":[["k",[1,1,-1],[]]],"references":[]}',
  '{"version":1,"baselines":[["k",[1,1],[]]],"references":[]}',
  '{"version":1,"baselines":[["k",[1,1,1],[[24,1,1,1]]]],"references":[]}',
  '{"version":1,"baselines":[[1,[1,1,1],[]]],"references":[]}',
  '{"version":1,"baselines":[["k",[1,"1",1],[]]],"references":[]}',
  '{"version":1,"baselines":[],"references":[["k",1,1,1,1,[-1],[]]]}',
  '{"version":1,"baselines":[],"references":[["k",1,1,1,null,[],[]]]}',
  `{"version":1,"baselines":[],"references":[["k",1,1,1,1,[${"0,".repeat(99)}0],[]]]}`,
])("is none: %s", (text) => {
  expect(decodeSnapshot(new TextEncoder().encode(text))).toBeUndefined();
});

it("is none in broken UTF-8", () => {
  expect(decodeSnapshot(Uint8Array.of(0xff, 0xfe))).toBeUndefined();
});
