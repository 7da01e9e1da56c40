/** What `JSON.parse` gives. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

type JsonObject = { readonly [name: string]: Json };

/** The members of a JSON object of a plan, read by name and type. A member of another type counts as absent. */
export class Members {
  readonly #object: JsonObject;

  constructor(object: JsonObject) {
    this.#object = object;
  }

  /** `undefined` for what is no object. */
  static of(value: Json | undefined): Members | undefined {
    return isObject(value) ? new Members(value) : undefined;
  }

  names(): readonly string[] {
    return Object.keys(this.#object);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  value(name: string): Json | undefined {
    return this.has(name) ? this.#object[name] : undefined;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    return typeof value === "string" ? value : undefined;
  }

  /** MySQL writes some of its numbers as strings. */
  number(name: string): number | undefined {
    const value = this.value(name);
    const number = typeof value === "string" && value !== "" ? Number(value) : value;
    return typeof number === "number" && Number.isFinite(number) ? number : undefined;
  }

  flag(name: string): boolean {
    return this.value(name) === true;
  }

  object(name: string): Members | undefined {
    return Members.of(this.value(name));
  }

  /** The objects of a list; a lone object counts as a list of one. */
  objects(name: string): readonly Members[] {
    const value = this.value(name);
    const list = isList(value) ? value : [value];
    return list.flatMap((item) => Members.of(item) ?? []);
  }

  /** The strings of a list, also of lists within it; a lone string counts as a list of one. */
  texts(name: string): readonly string[] {
    return textsOf(this.value(name), 3);
  }
}

function textsOf(value: Json | undefined, levels: number): readonly string[] {
  if (typeof value === "string") return [value];
  return isList(value) && levels > 0 ? value.flatMap((item) => textsOf(item, levels - 1)) : [];
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !isList(value);
}
