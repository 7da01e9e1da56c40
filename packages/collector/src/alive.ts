/** Keeps the process until it is disposed of: timers of the clock do not, and what a command waits for may be no socket. */
export function stayAlive(): Disposable {
  const interval = setInterval(() => {}, 2 ** 30);
  return { [Symbol.dispose]: () => clearInterval(interval) };
}
