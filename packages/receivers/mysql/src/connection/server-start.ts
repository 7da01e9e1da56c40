/** The uptime is in whole seconds: what differs by few of them is the same start. */
const toleranceMicros = 3_000_000n;

/** When a server started, by its own clock and uptime: the same moment for all looks until it is restarted. */
export class ServerStart {
  #known: bigint | undefined;

  /** In microseconds since 1970. */
  at(args: { readonly clockMicros: bigint; readonly uptimeSeconds: bigint }): bigint {
    const micros = args.clockMicros - args.uptimeSeconds * 1_000_000n;
    const known = this.#known;
    if (known !== undefined && micros - known <= toleranceMicros && known - micros <= toleranceMicros) return known;
    this.#known = micros;
    return micros;
  }
}
