import { parseDuration } from "@dbintel/config";
import { type Command, InvalidArgumentError, Option } from "commander";

const collect = (value: string, previous: readonly string[] = []) => [...previous, value];

/** `--config`, repeatable, and `--set`. */
export function withConfigOptions(command: Command, { isMandatory } = { isMandatory: true }): Command {
  return command
    .option("-c, --config <source>", "a YAML file; later ones are merged over earlier ones (repeatable)", collect)
    .addOption(
      new Option("-s, --set <key=value>", "one value over all files, such as processors.batch.timeout=2s (repeatable)")
        .argParser(collect)
        .default([], "none"),
    )
    .allowExcessArguments()
    .hook("preAction", (_, called) => {
      refuseExcess(called);
      if (isMandatory && called.getOptionValue("config") === undefined) {
        // Here, where unknown options have been told: one may be `--config` with a slip.
        called.error("error: required option '-c, --config <source>' not specified");
      }
    });
}

/** A file without `--config` before it is what other collectors take. */
function refuseExcess(command: Command): void {
  const excess = command.args[command.registeredArguments.length];
  if (excess === undefined) return;
  const isSource = /\.(?:ya?ml|json)$/i.test(excess);
  const question = isSource ? `\n(Did you mean --config ${excess}?)` : "";
  command.error(`error: '${command.name()}' takes no argument '${excess}'${question}`);
}

/** For commands that ask a collector that runs. */
export function withAdminOptions(command: Command): Command {
  return command
    .option("-a, --admin <url>", "the extension admin of the collector (DBINTEL_ADMIN_URL; http://localhost:55680)")
    .option("--user <name>", "who asks (DBINTEL_ADMIN_USER)")
    .option("--password-file <file>", "the password of the user (or DBINTEL_ADMIN_PASSWORD)")
    .option("--token-file <file>", "a bearer token (or DBINTEL_ADMIN_TOKEN)")
    .option("--ca-file <file>", "PEM file with the authorities to trust (DBINTEL_ADMIN_CA_FILE)")
    .option("--cert-file <file>", "PEM file with your own certificate (DBINTEL_ADMIN_CERT_FILE)")
    .option("--key-file <file>", "PEM file with its key (DBINTEL_ADMIN_KEY_FILE)");
}

/** `--format`, one of `choices`. */
export function formatOption(choices: readonly string[], initial: string): Option {
  return new Option("-f, --format <format>", "how to print").choices([...choices]).default(initial);
}

/** A duration with a unit on the command line, milliseconds for the command. */
export function durationOption(
  flags: string,
  description: string,
  { standard, leastMs = 1 }: { readonly standard?: string; readonly leastMs?: number } = {},
): Option {
  const read = (text: string) => {
    const value = parseDuration(text.trim());
    if (value !== undefined && value >= leastMs) return value;
    const least = value === undefined ? "" : ` of ${leastMs}ms or more`;
    throw new InvalidArgumentError(`Expected a duration with a unit${least}, such as 5s or 500ms.`);
  };
  const option = new Option(flags, description).argParser(read);
  return standard === undefined ? option : option.default(read(standard), standard);
}

/** A number above nought, of records a whole one. */
export function amountOption(flags: string, description: string, { isWhole }: { readonly isWhole: boolean }): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (value > 0 && (isWhole ? Number.isSafeInteger(value) : Number.isFinite(value))) return value;
    throw new InvalidArgumentError(isWhole ? "Expected a whole number of 1 or more." : "Expected a number above 0.");
  });
}
