import { Command, CommanderError, Option } from "commander";
import { stayAlive } from "./alive.ts";
import { readBuildInfo } from "./build.ts";
import type { ChosenOptions, DlqOptions } from "./commands/dlq.ts";
import type { RunOptions } from "./commands/run.ts";
import type { TapOptions } from "./commands/tap.ts";
import type { TopOptions } from "./commands/top.ts";
import type { ConfigOptions } from "./configuration.ts";
import { amountOption, durationOption, formatOption, withAdminOptions, withConfigOptions } from "./options.ts";
import type { ExitCode, Terminal } from "./terminal.ts";
import { exitCodes } from "./terminal.ts";

/**
 * Runs one command line (without node and script) and resolves with its exit code.
 * Subcommands are loaded when called, so that none pays for the imports of another.
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  using _alive = stayAlive();
  let exitCode: ExitCode = exitCodes.ok;
  const run = async (action: Promise<ExitCode>) => {
    exitCode = await action;
  };
  try {
    await program(terminal, run).parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // The OpenTelemetry Collector has no command for it.
    if (error.code === "commander.unknownOption" && /^(?:-c|--config|--set|-s)(?:=|$)/.test(args[0] ?? "")) {
      terminal.printError("(a command comes first: dbintel run --config collector.yaml)");
    }
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.badConfiguration;
  }
}

function program(terminal: Terminal, run: (action: Promise<ExitCode>) => Promise<void>): Command {
  const { name, version } = readBuildInfo();
  const root = new Command(name)
    .description("The Database Intelligence Collector: telemetry of databases and applications to any OTLP backend.")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.printError(text.trimEnd()),
    })
    .showHelpAfterError("(--help lists the options)");
  const example = (text: string) => `\nExample:\n  ${text}`;

  withConfigOptions(root.command("run"))
    .description("run the collector until SIGINT or SIGTERM; SIGHUP reloads its configuration")
    .addOption(
      durationOption(
        "--watch [interval]",
        "look so often (5s) whether the configuration has changed, and reload it then",
      ).preset("5s"),
    )
    .addOption(
      durationOption("--stop-timeout <duration>", "how long everything may take to give away what it holds", {
        standard: "30s",
      }),
    )
    .addHelpText("after", example("dbintel run --config configs/postgresql-otlp.yaml"))
    .action(async (options: RunOptions) => run((await import("./commands/run.ts")).run(options, terminal)));

  withConfigOptions(root.command("validate"))
    .description("check a configuration and list every error with its position; exit 2 when there is one")
    .option("--strict", "treat warnings as errors", false)
    .addOption(formatOption(["text", "json"], "text"))
    .addHelpText("after", example("dbintel validate --config collector.yaml --strict"))
    .action(async (options: ConfigOptions & { readonly strict: boolean; readonly format: string }) =>
      run((await import("./commands/validate.ts")).validate(options, terminal)),
    );

  root
    .command("components")
    .description("list the components with the stability of each signal")
    .addOption(formatOption(["text", "json"], "text"))
    .addHelpText("after", example("dbintel components --format json"))
    .action(async (options: { readonly format: string }) =>
      run((await import("./commands/components.ts")).components(options, terminal)),
    );

  withConfigOptions(root.command("print-config"))
    .description("print the effective configuration, defaults filled in and secrets redacted")
    .addOption(formatOption(["yaml", "json"], "yaml"))
    .addHelpText("after", example("dbintel print-config --config base.yaml --config site.yaml"))
    .action(async (options: ConfigOptions & { readonly format: string }) =>
      run((await import("./commands/print-config.ts")).printConfig(options, terminal)),
    );

  withConfigOptions(root.command("explain-config").argument("[path]", "only what is at this path, such as exporters"))
    .description("print every setting in effect with where it comes from: a file's line, a variable, or the default")
    .addOption(formatOption(["table", "json"], "table"))
    .addHelpText("after", example("dbintel explain-config exporters.otlp_http --config base.yaml --config site.yaml"))
    .action(async (path: string | undefined, options: ConfigOptions & { readonly format: string }) =>
      run((await import("./commands/explain-config.ts")).explain(path, options, terminal)),
    );

  root
    .command("schema")
    .description("print the JSON Schema of the configuration, for completion in editors")
    .addHelpText("after", example("dbintel schema > dbintel.schema.json"))
    .action(async () => run((await import("./commands/schema.ts")).schema(terminal)));

  withConfigOptions(root.command("graph"))
    .description("print the pipelines as a Mermaid flowchart")
    .addHelpText("after", example("dbintel graph --config collector.yaml"))
    .action(async (options: ConfigOptions) => run((await import("./commands/graph.ts")).graph(options, terminal)));

  withConfigOptions(root.command("check").argument("<receiver>", "the receiver's id, such as postgresql or otlp/apps"))
    .description("run one receiver alone and print what it collects, sending it nowhere")
    .option("--once", "stop after the first result of each signal (the only mode so far)", true)
    .addOption(formatOption(["table", "json"], "table"))
    .addHelpText("after", example("dbintel check postgresql --config collector.yaml --once"))
    .action(async (receiver: string, options: ConfigOptions & { readonly format: string }) =>
      run((await import("./commands/check.ts")).check(receiver, options, terminal)),
    );

  withConfigOptions(root.command("doctor"))
    .description("examine the databases and backends of a configuration and say what is wrong; changes nothing")
    .option("--fix-sql", "print nothing but the SQL that repairs, one script for all databases", false)
    .addOption(durationOption("--timeout <duration>", "how long one database or backend may take", { standard: "30s" }))
    .addOption(formatOption(["text", "json"], "text"))
    .addHelpText("after", example("dbintel doctor --config collector.yaml --fix-sql > repair.sql"))
    .action(
      async (
        options: ConfigOptions & { readonly fixSql: boolean; readonly format: string; readonly timeout: number },
      ) => run((await import("./commands/doctor.ts")).doctor(options, terminal)),
    );

  addDeadLetterCommands(root.command("dlq"), terminal, run);

  withAdminOptions(root.command("tap").argument("[component]", 'a pattern of kind/id (default: "exporter/*")'))
    .description("show records of a running collector as components get them, personal data taken out")
    .addOption(amountOption("-n, --limit <records>", "stop after so many (default: 100)", { isWhole: true }))
    .addOption(amountOption("--seconds <seconds>", "stop after so long", { isWhole: false }))
    .addOption(
      new Option("-f, --format <format>", "how to print (default: text on a terminal, else json)").choices([
        "text",
        "json",
      ]),
    )
    .addHelpText("after", example("dbintel tap 'processor/verification' --limit 20 --format json | jq .telemetry"))
    .action(async (component: string | undefined, options: TapOptions) =>
      run((await import("./commands/tap.ts")).tap(component, options, terminal)),
    );

  withAdminOptions(root.command("top"))
    .description("show the components of a running collector: states, rates, queues, breakers, what was dropped")
    .option("--once", "show it once, also on a terminal", false)
    .addOption(
      durationOption("--interval <duration>", "the time that rates are of, and after which the table is shown anew", {
        standard: "2s",
        leastMs: 100,
      }),
    )
    .addOption(formatOption(["table", "json"], "table"))
    .addHelpText("after", example("dbintel top --admin https://gateway.example:55680 --user ann --password-file pw"))
    .action(async (options: TopOptions) => run((await import("./commands/top.ts")).top(options, terminal)));

  return root;
}

/**
 * `dbintel dlq`: a collector that runs is asked; of one that does not the configuration says where the letters are and
 * how they are encrypted.
 */
function addDeadLetterCommands(
  dlq: Command,
  terminal: Terminal,
  run: (action: Promise<ExitCode>) => Promise<void>,
): void {
  const example = (text: string) => `\nExample:\n  dbintel dlq ${text} --config collector.yaml`;
  const part = (name: string) =>
    withAdminOptions(withConfigOptions(dlq.command(name), { isMandatory: false })).option(
      "-e, --exporter <id>",
      "only the dead letters of this exporter",
    );
  const load = () => import("./commands/dlq.ts");
  dlq.description(
    "what exporters could not deliver for good; with --config the letters of a collector that does not run",
  );
  part("ls")
    .description("list them, the oldest first")
    .addOption(formatOption(["table", "json"], "table"))
    .addHelpText("after", example("ls"))
    .action(async (options: DlqOptions & { readonly format: string }) => run((await load()).list(options, terminal)));
  part("show <id>")
    .description("show one with its records, which were redacted before they were kept")
    .addOption(formatOption(["text", "json"], "text"))
    .addHelpText("after", example("show 3f2a"))
    .action(async (id: string, options: DlqOptions & { readonly format: string }) =>
      run((await load()).show(id, options, terminal)),
    );
  part("replay [ids...]")
    .description("put them back into the queue of their exporter; each is removed when the queue has it on disk")
    .option("--all", "all of them", false)
    .addHelpText("after", example("replay 3f2a 9c01"))
    .action(async (ids: readonly string[], options: ChosenOptions) =>
      run((await load()).replay(ids, options, terminal)),
    );
  part("drop [ids...]")
    .description("remove them for good")
    .option("--all", "all of them", false)
    .addHelpText("after", example("drop --all"))
    .action(async (ids: readonly string[], options: ChosenOptions) => run((await load()).drop(ids, options, terminal)));
}
