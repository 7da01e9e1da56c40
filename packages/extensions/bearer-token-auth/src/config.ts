import { positiveDuration, secret, withoutEffect } from "@dbintel/config";
import { z } from "zod";

/** RFC 9110, 5.5: what a header cannot hold, and what nobody can type. */
const token = z
  .string()
  .min(1, { error: "a token cannot be empty: a variable of the environment may be unset" })
  .regex(/^[\x21-\x7e]+$/, { error: "a token holds printable ASCII characters without spaces" });

const sources = ["token", "tokens", "filename"] as const;

/** Keys and meaning are those of the OpenTelemetry Collector's extension. */
export const bearerTokenAuthConfig = z
  .strictObject({
    header: z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: "is not the name of a header" })
      .default("Authorization")
      .describe("Header that carries the token."),
    scheme: z.string().default("Bearer").describe("Word before the token; empty for none."),
    token: secret(token).optional().describe("The token."),
    tokens: z
      .array(secret(token))
      .min(1)
      .optional()
      .describe("Several tokens that are let in, such as the old and the new one; exporters carry the first."),
    filename: z.string().min(1).optional().describe("File with a token in each line; read again when it is replaced."),
    reload_interval: positiveDuration().prefault("10s").describe("Time between two looks at the file."),
    file_retry: withoutEffect("the file is looked at again and again"),
  })
  .superRefine((config, context) => {
    const given = sources.filter((source) => config[source] !== undefined);
    if (given.length === 1) return;
    const message = given.length === 0 ? "name token, tokens or filename" : `${given.join(" and ")} exclude each other`;
    context.addIssue({ code: "custom", message, path: given.slice(1, 2) });
  });

export type BearerTokenAuthConfig = z.output<typeof bearerTokenAuthConfig>;
