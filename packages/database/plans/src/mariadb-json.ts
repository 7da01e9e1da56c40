/** A line of MariaDB's EXPLAIN with one text: `"attached_condition": "t.a = 'x'",`. */
const textLine = /^(\s*"[A-Za-z_]{1,64}": )"(.*)"(,?)$/;

/**
 * MariaDB's EXPLAIN as JSON, with its texts written as JSON wants them: the server (10.11 and others) escapes neither quotes
 * nor backslashes nor control characters. Each text stands on a line of its own; a line break within a constant is `\n`.
 */
export function escapedMariadbJson(explained: string): string {
  return explained
    .split("\n")
    .map((line) => {
      const [, name, text = "", comma = ""] = textLine.exec(line) ?? [];
      return name === undefined ? line : `${name}${JSON.stringify(text)}${comma}`;
    })
    .join("\n");
}
