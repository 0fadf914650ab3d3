/**
 * What was made of texts before, by text. Bounded by the characters of the texts: when half of them are reached, what
 * has not been asked for since the last time goes.
 */
export class TextCache<V> {
  private recent = new Map<string, V>();
  private older = new Map<string, V>();
  private length = 0;

  constructor(readonly maxLength: number) {}

  get(text: string): V | undefined {
    const found = this.recent.get(text);
    if (found !== undefined) return found;
    const old = this.older.get(text);
    if (old === undefined) return undefined;
    this.older.delete(text);
    this.set(text, old);
    return old;
  }

  set(text: string, value: V): void {
    if (text.length > this.maxLength / 8) return;
    if (this.length + text.length > this.maxLength / 2) {
      this.older = this.recent;
      this.recent = new Map();
      this.length = 0;
    }
    this.recent.set(text, value);
    this.length += text.length;
  }
}
