/** One name of two. Neither holds a control character. */
export function keyOf(database: string, name: string): string {
  return `${database}\u0000${name}`;
}
