import { readFile } from "node:fs/promises";
import type { SecureContextOptions } from "node:tls";
import { DbintelError } from "@dbintel/errors";
import { isLoopback } from "@dbintel/pipeline/listen";

/** How a command reaches the admin endpoint: by flags, or by variables of the environment where a flag is not given. */
export interface AccessOptions {
  readonly admin?: string;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** What a request to the endpoint is made with. */
export interface Access {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: SecureContextOptions;
}

const defaultUrl = "http://localhost:55680";

/** Rejects with `DBI_ADMIN` for what cannot be used. There is no flag for a secret: others see the flags of a process. */
export async function accessTo(
  options: AccessOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Access> {
  const url = endpointOf(options.admin ?? env.DBINTEL_ADMIN_URL ?? defaultUrl);
  const authorization = await authorizationOf(options, env);
  if (authorization !== undefined && url.protocol === "http:" && !isLoopback({ host: url.hostname, port: 0 })) {
    throw unusable(`credentials would be sent unencrypted to ${url.host}`, "ask with https://");
  }
  const [ca, cert, key] = await Promise.all([
    contentOf(options.caFile ?? env.DBINTEL_ADMIN_CA_FILE),
    contentOf(options.certFile ?? env.DBINTEL_ADMIN_CERT_FILE),
    contentOf(options.keyFile ?? env.DBINTEL_ADMIN_KEY_FILE),
  ]);
  return {
    url,
    headers: authorization === undefined ? {} : { authorization },
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  };
}

function endpointOf(text: string): URL {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw unusable("--admin is no http or https URL", `name it as in ${defaultUrl}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw unusable("--admin holds a user or a password, which others see", "use --user and --password-file");
  }
  return url;
}

async function authorizationOf(
  options: AccessOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const user = options.user ?? env.DBINTEL_ADMIN_USER;
  if (user !== undefined) {
    const password = await secretOf(options.passwordFile, env.DBINTEL_ADMIN_PASSWORD);
    if (password === undefined) {
      throw unusable("a user needs a password", "give --password-file, or set DBINTEL_ADMIN_PASSWORD");
    }
    return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }
  const token = await secretOf(options.tokenFile, env.DBINTEL_ADMIN_TOKEN);
  if (token === undefined) return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw unusable("a token holds printable ASCII characters without spaces", "check the file of --token-file");
}

/** A file's content without the newline that editors put at its end. */
async function secretOf(path: string | undefined, variable: string | undefined): Promise<string | undefined> {
  if (path === undefined) return variable;
  return (await contentOf(path))?.toString("utf8").replace(/\r?\n$/, "");
}

async function contentOf(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw unusable(`${path} cannot be read (${reason})`, "name a file that you may read", cause);
  }
}

function unusable(message: string, hint: string, cause?: unknown): DbintelError {
  return new DbintelError(message, { code: "DBI_ADMIN", hint, cause });
}
