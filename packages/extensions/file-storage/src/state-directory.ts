import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** What decides where state belongs. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Whether the collector runs as the administrator. */
  readonly root: boolean;
  readonly home: string;
}

/**
 * Where the platform wants state that outlives a restart: what systemd made for the service (`StateDirectory=`,
 * systemd.exec(5)), `/var/lib` for the administrator, else the user's own (XDG Base Directory Specification 0.8).
 */
export function stateDirectory(surroundings: Surroundings = here()): string {
  const { env, platform, root, home } = surroundings;
  // Several are parted by colons; relative ones are not to be used, as in XDG.
  const [ofService = ""] = (env.STATE_DIRECTORY ?? "").split(":", 1);
  if (isAbsolute(ofService)) return ofService;
  if (platform === "win32") return join(env.LOCALAPPDATA ?? join(home, "AppData", "Local"), "dbintel", "state");
  if (root) return "/var/lib/dbintel";
  if (platform === "darwin") return join(home, "Library", "Application Support", "dbintel");
  const base = env.XDG_STATE_HOME ?? "";
  return join(isAbsolute(base) ? base : join(home, ".local", "state"), "dbintel");
}

function here(): Surroundings {
  const { env, platform } = process;
  return { env, platform, root: process.getuid?.() === 0, home: homedir() };
}
