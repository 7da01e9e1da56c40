import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { JournalFolder, textsOf } from "./journal-folder.ts";

/** Lives of the writer; `DBINTEL_KILLS=200` for the long run. */
const kills = Number(process.env.DBINTEL_KILLS ?? 6);
/** Each life starts a process, on a machine that may be busy. */
const timeoutMs = 120_000 + kills * 20_000;
const writer = fileURLToPath(new URL("endless-writer.ts", import.meta.url));

interface Told {
  readonly acknowledged?: string;
  readonly sent?: string;
  readonly uncertain?: readonly string[];
}

it(
  `acknowledged = sent ∪ kept after ${kills} kills, and what is sent twice was known to be uncertain`,
  async () => {
    await using folder = await JournalFolder.make();
    const random = seededRandom(8);
    const acknowledged = new Set<string>();
    const sent = new Map<string, number>();
    const uncertain = new Set<string>();
    for (let life = 0; life < kills; life++) {
      const args = [folder.path, String(life), String(20_000 + 30_000 * (life % 3))];
      const child = fork(writer, args, { execArgv: ["--conditions=@dbintel/source"] });
      let untilKill = 1 + Math.floor(random.next() * 300);
      child.on("message", (told: Told) => {
        if (told.acknowledged !== undefined) acknowledged.add(told.acknowledged);
        if (told.sent !== undefined) sent.set(told.sent, (sent.get(told.sent) ?? 0) + 1);
        for (const id of told.uncertain ?? []) uncertain.add(id);
        if (--untilKill === 0) child.kill("SIGKILL");
      });
      await once(child, "close");
    }
    const { journal, found, losses } = await folder.open();
    const kept = new Set((await textsOf(journal, found)).map((text) => text.split(" ", 1)[0] ?? ""));
    await journal.close();
    expect(losses).toEqual({ records: 0, items: 0 });
    expect(acknowledged.size).toBeGreaterThan(kills * 5);
    expect([...acknowledged].filter((id) => !sent.has(id) && !kept.has(id))).toEqual([]);
    const twice = [...sent].filter(([, times]) => times > 1).map(([id]) => id);
    expect(twice.filter((id) => !uncertain.has(id))).toEqual([]);
  },
  timeoutMs,
);
