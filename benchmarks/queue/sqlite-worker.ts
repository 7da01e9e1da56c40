import { parentPort, workerData } from "node:worker_threads";
import { database, type Transaction } from "./sqlite-store.ts";

const opened = database(String(workerData));
const insert = opened.prepare("insert into queue values (?, ?)");
const remove = opened.prepare("delete from queue where id = ?");

parentPort?.on("message", ({ puts, finished }: Transaction) => {
  opened.exec("begin");
  for (const { id, content } of puts) insert.run(id, content);
  for (const id of finished) remove.run(id);
  opened.exec("commit");
  parentPort?.postMessage("committed");
});
