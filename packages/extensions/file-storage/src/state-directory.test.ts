import { describe, expect, it } from "vitest";
import { stateDirectory } from "./state-directory.ts";

const user = { env: {}, platform: "linux", root: false, home: "/home/ann" } as const;

describe("the platform's own directory", () => {
  it.each([
    ["of a user", user, "/home/ann/.local/state/dbintel"],
    ["of a user who has another", { ...user, env: { XDG_STATE_HOME: "/data/state" } }, "/data/state/dbintel"],
    ["of a user with a relative one", { ...user, env: { XDG_STATE_HOME: "state" } }, "/home/ann/.local/state/dbintel"],
    ["of the administrator", { ...user, root: true }, "/var/lib/dbintel"],
    ["of a service", { ...user, root: true, env: { STATE_DIRECTORY: "/var/lib/a:/var/lib/b" } }, "/var/lib/a"],
    ["of a Mac", { ...user, platform: "darwin", home: "/Users/ann" }, "/Users/ann/Library/Application Support/dbintel"],
  ] as const)("%s", (_whose, surroundings, directory) => {
    expect(stateDirectory(surroundings)).toBe(directory);
  });
});
