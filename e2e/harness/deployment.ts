import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** A file of deploy/. */
export function deployed(name: string): Promise<string> {
  return readFile(`${repository}/deploy/${name}`, "utf8");
}

/** The settings of a systemd unit: name and value in the order of the file. */
export function unitSettings(unit: string): readonly (readonly [name: string, value: string])[] {
  return [...unit.matchAll(/^([A-Z]\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]);
}

/** What the last stage of a Dockerfile takes from the first: source and destination. */
export function imageFiles(dockerfile: string): readonly { readonly from: string; readonly to: string }[] {
  const root = "/opt/dbintel/";
  return [...dockerfile.matchAll(/^COPY --from=build (.+)$/gm)].flatMap(([, words = ""]) => {
    const paths = words.split(" ");
    const to = paths.pop() ?? "";
    return paths.map((path) => {
      const from = path.slice(root.length);
      return { from, to: to.endsWith("/") ? `${to}${from.split("/").at(-1)}` : to };
    });
  });
}

/** A series that a rule asks for: the metric with its matchers. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

/** The selectors in the expressions of a file of rules. */
export function selectors(rules: string): readonly Selector[] {
  const expressions = [...rules.matchAll(/^ +expr: (?:\|\n((?: {10,}.*\n)+)|(.*)\n)/gm)].map(
    ([, block, line]) => block ?? line ?? "",
  );
  return expressions.flatMap((expression) =>
    [...expression.matchAll(/\b((?:otelcol|dbintel)_\w+)(?:\{([^}]*)\})?/g)].map(([, metric = "", matchers = ""]) => ({
      metric,
      matchers: [...matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].map(
        ([, label = "", operator = "", value = ""]) => ({ label, operator, value }),
      ),
    })),
  );
}
