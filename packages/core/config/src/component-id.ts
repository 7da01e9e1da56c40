/** The name of a component in the configuration: `type[/name]`. */
export interface ComponentId {
  /** Both parts joined again, trimmed. */
  readonly id: string;
  readonly type: string;
  /** Empty when there is none. */
  readonly name: string;
}

export type ParsedComponentId =
  | (ComponentId & { readonly problem?: never })
  | { readonly problem: string; readonly type?: never };

const typePattern = /^[a-zA-Z][0-9a-zA-Z_]{0,62}$/;
const namePattern = /^[^\p{Z}\p{C}\p{S}]{1,1024}$/u;

/** Reads an id by the OpenTelemetry Collector's rules: split at the first slash, both parts trimmed. */
export function parseComponentId(text: string): ParsedComponentId {
  const slash = text.indexOf("/");
  const type = (slash === -1 ? text : text.slice(0, slash)).trim();
  if (type === "") return { problem: slash === -1 ? "an id must not be empty" : "the part before / must not be empty" };
  if (!typePattern.test(type)) {
    return { problem: "the type must begin with a letter and have at most 63 letters, digits and _" };
  }
  if (slash === -1) return { id: type, type, name: "" };
  const name = text.slice(slash + 1).trim();
  if (name === "") return { problem: "the part after / must not be empty" };
  if (!namePattern.test(name)) {
    return { problem: "the part after / must have at most 1024 characters, without spaces and symbols" };
  }
  return { id: `${type}/${name}`, type, name };
}
