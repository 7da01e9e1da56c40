import type { TextPlace } from "@dbintel/pdata";
import RE2 from "re2";
import type { Action, VerificationConfig } from "./config.ts";
import { NamePatterns } from "./name-pattern.ts";

/** A finding about which a decision is wanted. */
export interface Candidate {
  readonly entity: string;
  /** What was found. */
  readonly text: string;
  readonly place: TextPlace;
}

/** Decides what is done with what was found: allowed texts, then places, then entities, then the mode. */
export class Policy {
  readonly #mode: Action;
  readonly #entities: ReadonlyMap<string, Action>;
  readonly #fields: readonly FieldRule[];
  readonly #allowed: readonly AllowRule[];

  constructor(config: Pick<VerificationConfig, "mode" | "entities" | "fields" | "allow">) {
    this.#mode = config.mode;
    this.#entities = new Map(Object.entries(config.entities));
    this.#fields = config.fields.map((field) => new FieldRule(field));
    this.#allowed = config.allow.map((rule) => new AllowRule(rule));
  }

  actionFor(candidate: Candidate): Action {
    if (this.#allowed.some((rule) => rule.allows(candidate))) return "keep";
    const field = this.#fields.find((rule) => rule.fits(candidate));
    return field?.action ?? this.#entities.get(candidate.entity) ?? this.#mode;
  }

  /** Whether an entity may not leave where no field and no allowed text speaks for it. */
  forbids(entity: string): boolean {
    const action = this.#entities.get(entity) ?? this.#mode;
    return action !== "keep" && action !== "detect";
  }
}

class FieldRule {
  readonly action: Action;
  readonly #keys: NamePatterns;
  readonly #scopes: ReadonlySet<string> | undefined;
  readonly #entities: ReadonlySet<string> | undefined;

  constructor({ keys, scopes, entities, mode }: VerificationConfig["fields"][number]) {
    this.action = mode;
    this.#keys = new NamePatterns(keys);
    this.#scopes = scopes && new Set(scopes);
    this.#entities = entities && new Set(entities);
  }

  fits({ entity, place }: Candidate): boolean {
    if (this.#scopes?.has(place.scope) === false || this.#entities?.has(entity) === false) return false;
    return this.#keys.fitsAny(place.path);
  }
}

class AllowRule {
  readonly #value: string | undefined;
  readonly #pattern: RE2 | undefined;
  readonly #keys: NamePatterns | undefined;
  readonly #entities: ReadonlySet<string> | undefined;

  constructor({ value, pattern, keys, entities }: VerificationConfig["allow"][number]) {
    this.#value = value;
    this.#pattern = pattern === undefined ? undefined : new RE2(`^(?:${pattern})$`);
    this.#keys = keys && new NamePatterns(keys);
    this.#entities = entities && new Set(entities);
  }

  allows({ entity, text, place }: Candidate): boolean {
    if (this.#entities?.has(entity) === false || this.#keys?.fitsAny(place.path) === false) return false;
    if (this.#value !== undefined && this.#value !== text) return false;
    return this.#pattern?.test(text) ?? true;
  }
}
