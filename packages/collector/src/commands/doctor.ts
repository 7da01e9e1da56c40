import { componentKinds, type Logger, systemEnvironment } from "@dbintel/pipeline";
import { readBuildInfo } from "../build.ts";
import type { ConfigOptions } from "../configuration.ts";
import { usableConfiguration } from "../configuration.ts";
import { examine } from "../doctor/examination.ts";
import { PlainText } from "../doctor/plain-text.ts";
import { repairScript } from "../doctor/repair-script.ts";
import { hasFailed, reportJson, reportText } from "../doctor/report.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";

/** Everything that is wrong becomes a check: a line beside the report would say it twice. */
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * `dbintel doctor`: asks everything that the configuration's components depend on whether it is as it should be.
 * Changes nothing anywhere; a check that fails is exit code 1.
 */
export async function doctor(
  options: ConfigOptions & { readonly fixSql: boolean; readonly format: string; readonly timeout: number },
  terminal: Terminal,
): Promise<ExitCode> {
  const config = await usableConfiguration(options, terminal);
  if (config === undefined) return exitCodes.badConfiguration;
  const components = componentKinds.flatMap((kind) => [...config[`${kind}s`].values()]);
  const plain = new PlainText(components.map((component) => component.config));
  const environment = systemEnvironment({ build: readBuildInfo(), logger: silent });
  const subjects = await examine({ config, environment, timeoutMs: options.timeout });
  if (options.fixSql) terminal.print(repairScript(subjects, plain));
  else terminal.print(options.format === "json" ? reportJson(subjects, plain) : reportText(subjects, plain));
  return hasFailed(subjects) ? exitCodes.failure : exitCodes.ok;
}
