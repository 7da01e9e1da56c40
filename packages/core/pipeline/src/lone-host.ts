import { extensionsOf } from "./extensions.ts";
import type { Environment, Host } from "./host.ts";
import { Ledger } from "./ledger.ts";
import { SharedObjects } from "./shared.ts";
import { noStorage } from "./storage.ts";

/** A host for code of a component that runs outside of a graph, such as a diagnosis: nothing is kept or reported. */
export function loneHost(environment: Environment): Host {
  const { clock, random, logger, meter, build } = environment;
  const shared = new SharedObjects(environment);
  return {
    ...{ clock, random, logger, meter, build },
    accounting: new Ledger(),
    storage: noStorage,
    extensions: extensionsOf(new Map()),
    shared: (key) => shared.get(key),
    reportStatus: () => {},
    collector: { ready: true, components: () => [] },
  };
}
