/** The words of a text, which is how the tables of events are written. */
export function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
