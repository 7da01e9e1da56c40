import { duration, type Milliseconds, type Secret, secret } from "@dbintel/config";
import { z } from "zod";

/** Where the password comes from; at most one of the first three. */
export interface PasswordSettings {
  readonly password?: Secret | undefined;
  readonly password_file?: string | undefined;
  readonly password_command?: readonly string[] | undefined;
  readonly password_ttl: Milliseconds;
}

const sources = ["password", "password_file", "password_command"] as const;

/** The settings of the password, to be spread into a schema that {@link checkPassword} refines. */
export const passwordSettings = {
  password: secret().optional().describe("Password of the user; none for who logs in by certificate or by the socket"),
  password_file: z
    .string()
    .min(1)
    .optional()
    .describe(
      "File with the password, read for each new connection; may be replaced, as Kubernetes does with a Secret",
    ),
  password_command: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("Program and arguments that print the password, such as a token of the cloud's identity service"),
  password_ttl: duration().prefault("5m").describe("How long what password_command printed serves new connections"),
};

/** For `superRefine`. */
export function checkPassword(
  settings: Omit<PasswordSettings, "password_ttl">,
  refinement: { addIssue(issue: { code: "custom"; path: string[]; message: string }): void },
): void {
  const given = sources.filter((source) => settings[source] !== undefined);
  for (const extra of given.slice(1)) {
    refinement.addIssue({ code: "custom", path: [extra], message: `${given[0]} is set too: keep one of them` });
  }
}

/** The settings with another password source, if `other` names one. */
export function withPassword<Settings extends PasswordSettings>(
  settings: Settings,
  other: Partial<PasswordSettings>,
): Settings {
  if (sources.every((source) => other[source] === undefined)) return settings;
  return { ...settings, ...Object.fromEntries(sources.map((source) => [source, other[source]])) };
}
