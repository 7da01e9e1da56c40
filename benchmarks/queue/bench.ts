/**
 * What a queue on disk is made of: our own segments beside node:sqlite and lmdb, how fast they sync and what crashes
 * and damage cost them. The folder has to be on the disk that is meant: on a file system in memory a sync is nothing.
 *
 *   npm run bench -- queue
 *
 * lmdb is no dependency of this repository. To have it in the table, install it beside and say where:
 *
 *   (mkdir /var/tmp/lmdb && cd /var/tmp/lmdb && npm init -y && npm install lmdb@3.5.6)
 *   DBINTEL_LMDB=/var/tmp/lmdb npm run bench -- queue
 */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { report, tableOf } from "../harness/results.ts";
import { damage } from "./damage.ts";
import { throughput } from "./throughput.ts";

const parent = await mkdtemp(join(process.env.DBINTEL_QUEUE_FOLDER ?? "/var/tmp", "dbintel-queue-"));
try {
  console.log(tableOf(await damage(parent)));
  console.log();
  report("queue", await throughput(parent));
} finally {
  await rm(parent, { recursive: true, force: true });
}
