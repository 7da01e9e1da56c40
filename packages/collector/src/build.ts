import { readFileSync } from "node:fs";
import type { BuildInfo } from "@dbintel/pipeline";

/** Name and version of the distribution, from its own package.json. */
export function readBuildInfo(): BuildInfo {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const version =
    typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
  return { name: "dbintel", version };
}
