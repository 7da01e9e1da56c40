/** Puts records, tells which are acknowledged, and is killed: the child process of `damage.ts`. */
import { candidateOf } from "./candidate.ts";
import { contentOf } from "./damage.ts";

const [, , name, folder = "", first = "0", count = "0"] = process.argv;
const store = await candidateOf(name).open(folder);
const last = Number(first) + Number(count);
let next = Number(first);
const caller = async () => {
  while (next < last) {
    const id = next++;
    await store.put(id, contentOf(id));
    process.send?.(id);
  }
};
await Promise.all(Array.from({ length: 8 }, caller));
process.kill(process.pid, "SIGKILL");
