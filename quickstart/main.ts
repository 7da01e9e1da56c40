// What `npm start` runs once Node, the dependencies and the build are there.
import { onInterruption } from "./interruption.ts";
import { parseOptions, usage } from "./options.ts";
import { quickstart } from "./quickstart.ts";

const options = parseOptions(process.argv.slice(2));
if (options.kind === "help") {
  console.log(usage);
} else if (options.kind === "invalid") {
  console.error(`${options.message}\n\n${usage}`);
  process.exitCode = 2;
} else {
  // Leaving at once ends the database and the collector too: their watchdogs notice that this process is gone.
  const stop = onInterruption(() => process.exit(130));
  try {
    await quickstart({
      ...options,
      stop,
      env: process.env,
      columns: () => process.stdout.columns,
      print: (text) => void process.stdout.write(`${text}\n`),
    });
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
