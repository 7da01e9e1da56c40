/** Opens a store, says what it finds, and puts one more record: the child process of `damage.ts`. */
import { candidateOf } from "./candidate.ts";
import { contentOf, type Found } from "./damage.ts";

const [, , name, folder = ""] = process.argv;
const found: { -readonly [Key in keyof Found]: Found[Key] } = { whole: 0, changed: 0, usable: false };
try {
  const store = await candidateOf(name).open(folder);
  const records = store.records()[Symbol.asyncIterator]();
  for (;;) {
    const next = await records.next();
    if (next.done === true) break;
    if (contentOf(next.value.id).equals(next.value.content)) found.whole++;
    else found.changed++;
  }
  await store.put(1_000_000, contentOf(1));
  found.usable = true;
} finally {
  process.stdout.write(JSON.stringify(found));
}
process.exit(0);
