// Part of every build, see launch.mjs: the program that bin/dbintel runs, without the files of earlier builds.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { bundleCollector, bundleFolder } from "./bundling/collector-bundle.ts";

const made = await bundleCollector();
const present = await readdir(bundleFolder);
// What Node compiled (.compile-cache) stays as long as the program does.
if (present.some((name) => !made.has(name) && !name.startsWith("."))) {
  const old = present.filter((name) => !made.has(name));
  await Promise.all(old.map((name) => rm(join(bundleFolder, name), { recursive: true })));
}
