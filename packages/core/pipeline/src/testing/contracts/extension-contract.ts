import { describe } from "vitest";
import type { z } from "zod";
import type { ExtensionDefinition } from "../../component.ts";
import type { ComponentFactory } from "../../define.ts";
import { createTestHost } from "../test-host.ts";
import { expectNoHandleLeft, itLivesAndDies } from "./lifecycle.ts";

/** What an extension is held to its contract with. */
export interface ExtensionContract<Schema extends z.ZodType> {
  /** Settings of an extension that can start and stop, and start again, many times over. */
  readonly config: () => z.input<Schema> | Promise<z.input<Schema>>;
}

/** Holds an extension to the contract of `Component`. */
export function describeExtensionContract<Schema extends z.ZodType>(
  factory: ComponentFactory<ExtensionDefinition<Schema>>,
  contract: ExtensionContract<Schema>,
): void {
  const { definition } = factory;
  describe(`extension ${definition.type}: contract`, () => {
    expectNoHandleLeft();
    itLivesAndDies(async () => {
      const host = createTestHost();
      const { config } = factory(await contract.config());
      return { host, component: definition.create({ id: definition.type, config, host }) };
    });
  });
}
