import { createTestHost, MemoryStorage, type TestHost } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { type Baseline, Checkpoint } from "./checkpoint.ts";

/** Remembers one word, and takes over none but its own. */
class Word implements Baseline {
  readonly #known: string;
  word: string | undefined;

  constructor(known: string) {
    this.#known = known;
  }

  take(): Uint8Array {
    return Buffer.from(this.#known);
  }

  restore(bytes: Uint8Array): boolean {
    const word = Buffer.from(bytes).toString();
    if (word !== this.#known) return false;
    this.word = word;
    return true;
  }

  forget(): void {
    this.word = undefined;
  }
}

/** A process that loads, and then saves, what two polls remember. */
async function run(host: TestHost, words: { readonly statements: Word; readonly sessions: Word }): Promise<void> {
  const checkpoints = Object.entries(words).map(([name, baseline]) => new Checkpoint({ host, name, baseline }));
  for (const checkpoint of checkpoints) {
    await checkpoint.load();
    checkpoint.moved();
    await checkpoint.finish();
  }
}

it("says of which poll the checkpoint is of another version or damaged, and takes the others", async () => {
  const storage = new MemoryStorage();
  await run(createTestHost({ storage }), { statements: new Word("rows 1"), sessions: new Word("look 1") });
  const next = createTestHost({ storage });
  const words = { statements: new Word("rows 1"), sessions: new Word("look 2") };
  await run(next, words);
  const warning = (poll: string) => ({
    level: "warn",
    fields: { poll },
    message: `the saved checkpoint of ${poll} is of another version or damaged; its first poll only remembers`,
  });
  expect(next.lines).toEqual([warning("sessions")]);
  expect([words.statements.word, words.sessions.word]).toEqual(["rows 1", undefined]);

  const saved = storage.snapshots.get("statements") ?? new Uint8Array();
  storage.snapshots.set("statements", saved.subarray(0, saved.length / 2));
  const last = createTestHost({ storage });
  await run(last, { statements: new Word("rows 1"), sessions: new Word("look 2") });
  expect(last.lines).toEqual([warning("statements")]);
});
