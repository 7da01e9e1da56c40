import { positiveDuration, secret } from "@dbintel/config";
import { z } from "zod";

const htpasswd = z
  .strictObject({
    file: z.string().min(1).optional().describe("File as `htpasswd -B` writes it; read again when it is replaced."),
    inline: secret().optional().describe("Such a file's content."),
  })
  .refine(({ file, inline }) => (file === undefined) !== (inline === undefined), { error: "name file or inline" })
  .describe("Who may send: a listener names the extension in its auth.");

const clientAuth = z
  .strictObject({
    username: z.string().optional().describe("User that exporters name."),
    password: secret(z.string().min(1)).optional().describe("Password of that user."),
    username_file: z.string().min(1).optional().describe("File with the user; read again when it is replaced."),
    password_file: z.string().min(1).optional().describe("File with the password; read again when it is replaced."),
  })
  .refine((client) => (client.username === undefined) !== (client.username_file === undefined), {
    error: "name username or username_file",
  })
  .refine((client) => (client.password === undefined) !== (client.password_file === undefined), {
    error: "name password or password_file",
  })
  .refine(({ username = "" }) => !username.includes(":"), {
    error: "a user cannot hold a colon (RFC 7617)",
    path: ["username"],
  })
  .describe("Who is sending: an exporter names the extension in its auth.");

/** Keys and meaning are those of the OpenTelemetry Collector's extension. */
export const basicAuthConfig = z
  .strictObject({
    htpasswd: htpasswd.optional(),
    client_auth: clientAuth.optional(),
    reload_interval: positiveDuration().prefault("10s").describe("Time between two looks at the files."),
  })
  .refine((config) => (config.htpasswd === undefined) !== (config.client_auth === undefined), {
    error: "name htpasswd, for senders, or client_auth, for exporters",
  });

export type BasicAuthConfig = z.output<typeof basicAuthConfig>;
