/** One line of Prometheus text. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)/;
const label = /(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\]|\\.)*)"/g;

/** The samples with one of these names; what else the text holds is passed over. */
export function samplesOf(text: string, names: ReadonlySet<string>): readonly Sample[] {
  return text.split("\n").flatMap((each): readonly Sample[] => {
    const end = each.search(/[{ ]/);
    if (end === -1 || !names.has(each.slice(0, end))) return [];
    const { name = "", labels = "", value } = line.exec(each)?.groups ?? {};
    const pairs = [...labels.matchAll(label)].map(({ groups }) => [groups?.name ?? "", unescaped(groups?.value ?? "")]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
}
