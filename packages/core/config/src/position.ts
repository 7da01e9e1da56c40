/** Where a value was written. Lines and columns count from 1. */
export interface Position {
  /** The file as it was named on the command line, or `--set`, `--config yaml`, `env:NAME`. */
  readonly source: string;
  /** 0 stands for the source as a whole: it could not be read. For `--set` the number of the flag. */
  readonly line: number;
  readonly column: number;
}

/** A key of a map or an index of a list. */
export type PathSegment = string | number;

/** The way from the root of the configuration to a value. */
export type ConfigPath = readonly PathSegment[];

/** `collector.yaml:41:7`. */
export function formatPosition({ source, line, column }: Position): string {
  return line === 0 ? source : `${source}:${line}:${column}`;
}

/** `receivers.postgresql.events`, `service.pipelines.logs.receivers[0]`, `resource["service.name"]`. */
export function formatPath(path: ConfigPath): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else if (/[.[\]"\s]/.test(segment) || segment === "") text += `[${JSON.stringify(segment)}]`;
    else text += text === "" ? segment : `.${segment}`;
  }
  return text;
}
