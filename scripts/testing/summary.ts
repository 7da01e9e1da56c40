/** Tests that were skipped because of one server that the machine lacks. */
export interface SkippedServer {
  readonly server: string;
  readonly tests: number;
}

/** What a run of tests or checks came to. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly servers: readonly SkippedServer[];
}

export const nothing: Summary = { passed: 0, failed: 0, skipped: 0, servers: [] };

export function sum(summaries: readonly Summary[]): Summary {
  return summaries.reduce(
    (left, right) => ({
      passed: left.passed + right.passed,
      failed: left.failed + right.failed,
      skipped: left.skipped + right.skipped,
      servers: [...left.servers, ...right.servers],
    }),
    nothing,
  );
}

/** The line that ends `npm test` and `.ci/run`; `.ci/run` adds them up. */
export function closingLine({ passed, failed, skipped }: Summary): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * The skips that count as failures: one that names no server has no excuse, and a CI has every server of `required`.
 */
export function unexpectedSkips(
  { skipped, servers }: Summary,
  options: { readonly ci: boolean; readonly required: readonly string[] },
): readonly string[] {
  const unnamed = skipped - servers.reduce((count, { tests }) => count + tests, 0);
  const missing = servers.filter(({ server }) => options.ci && options.required.includes(server));
  return [
    ...(unnamed > 0 ? [`${unnamed} tests are skipped without naming a server that the machine lacks`] : []),
    ...missing.map(({ server, tests }) => `${tests} tests need ${server}, which a CI must have`),
  ];
}
