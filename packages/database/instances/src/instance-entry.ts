import { secret } from "@dbintel/config";
import type { AnyValue } from "@dbintel/pdata";
import { z } from "zod";
import type { InstanceEntry } from "./listing/listing.ts";
import { type PasswordSettings, withPassword } from "./login/login-settings.ts";
import { tlsSettings } from "./login/tls.ts";
import { namePatterns } from "./reported-names.ts";

const mostAttributes = 50;
const longestName = 255;
const longestValue = 1024;

/** An attribute that an entry adds to the resource. */
const attributeValue = z.union([z.string().max(longestValue), z.number(), z.boolean()]);

/** What an entry of a list may say of any server, to be spread into the schema of one kind of database. */
export const instanceEntryKeys = {
  username: z.string().min(1).optional(),
  password: secret().optional(),
  password_file: z.string().min(1).optional(),
  databases: namePatterns.optional(),
  exclude_databases: namePatterns.optional(),
  tls: tlsSettings.optional(),
  attributes: z
    .record(z.string().min(1).max(longestName), attributeValue)
    .refine((attributes) => Object.keys(attributes).length <= mostAttributes, `at most ${mostAttributes} attributes`)
    .optional(),
};

/** The settings of a receiver for one of its servers: what the entry says stands for what the receiver says. */
export function instanceConfig<Config extends PasswordSettings & InstanceEntry>(
  config: Config,
  entry: InstanceEntry & Partial<PasswordSettings> & { readonly attributes?: unknown },
): Config {
  const { password: _, password_file: __, attributes: ___, ...settings } = entry;
  const said = Object.entries(settings).filter(([, value]) => value !== undefined);
  return { ...withPassword(config, entry), ...Object.fromEntries(said) };
}

/** The attributes that an entry adds to the resource of its server. */
export function instanceAttributes(entry: {
  readonly attributes?: Readonly<Record<string, z.output<typeof attributeValue>>> | undefined;
}): Readonly<Record<string, AnyValue>> {
  const { attributes = {} } = entry;
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, Number.isSafeInteger(value) ? BigInt(value) : value]),
  );
}
