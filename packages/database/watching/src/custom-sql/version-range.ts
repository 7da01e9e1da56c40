/** `mysql >=8.0.30 <9`: a product, where it matters, and bounds. */
export interface VersionRange {
  readonly product: string | undefined;
  readonly bounds: readonly { readonly operator: string; readonly version: readonly number[] }[];
}

const form = /^(?:(mysql|mariadb|postgresql)\b\s*)?((?:(?:>=|<=|>|<|=)\s*\d+(?:\.\d+)*\s*)*)$/;

/** Reads a range; `undefined` when the text is none. */
export function parseVersionRange(text: string): VersionRange | undefined {
  const [whole, product, bounds = ""] = form.exec(text.trim()) ?? [];
  if (whole === undefined || whole === "") return undefined;
  const parts = [...bounds.matchAll(/(>=|<=|>|<|=)\s*([\d.]+)/g)];
  return {
    product,
    bounds: parts.map(([, operator = "=", version = ""]) => ({ operator, version: numbers(version) })),
  };
}

/** Whether a server is in the range. `version` is as the server prints it, `18.4` or `10.11.19-MariaDB`. */
export function inRange(range: VersionRange, server: { readonly product: string; readonly version: string }): boolean {
  if (range.product !== undefined && range.product !== server.product) return false;
  const theirs = numbers(/^[\d.]*/.exec(server.version)?.[0] ?? "");
  return range.bounds.every(({ operator, version }) => {
    // `=14` means all of 14: only what the bound names is compared.
    const difference = compare(operator === "=" ? theirs.slice(0, version.length) : theirs, version);
    switch (operator) {
      case ">=":
        return difference >= 0;
      case "<=":
        return difference <= 0;
      case ">":
        return difference > 0;
      case "<":
        return difference < 0;
      default:
        return difference === 0;
    }
  });
}

function numbers(version: string): readonly number[] {
  return version.split(".").filter(Boolean).map(Number);
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
