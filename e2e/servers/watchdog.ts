import { spawn } from "node:child_process";

/** Releases a {@link stopWithParent}: the process has ended in an orderly way. */
export type Release = () => void;

// `read` fails at the end of its input: that is when the process that holds the other end is gone.
const script = `
read -r released && exit
kill -s "$1" "$2" 2>/dev/null
i=0
while kill -0 "$2" 2>/dev/null; do
  i=$((i + 1)); [ "$i" -gt 50 ] && kill -s KILL "$2" 2>/dev/null
  sleep 0.1
done
[ -z "$3" ] || rm -rf -- "$3"
`;

/**
 * Ends the process `pid` and removes `folder` when this process ends without having done so, whatever ended it:
 * an uncaught error, a signal, also SIGKILL. A small shell waits for the end of a pipe that only this process holds.
 */
export function stopWithParent(options: {
  readonly pid: number;
  readonly signal: "TERM" | "QUIT" | "KILL";
  readonly folder?: string;
}): Release {
  const watchdog = spawn("/bin/sh", ["-c", script, "sh", options.signal, String(options.pid), options.folder ?? ""], {
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    // A group of its own: Ctrl-C in the terminal must not end the one who cleans up after it.
    detached: true,
  });
  watchdog.on("error", () => {});
  watchdog.stdin.on("error", () => {});
  watchdog.unref();
  return () => void watchdog.stdin.end("released\n");
}
