/**
 * Where a {@link BlockReader} is in its text. A line is looked at from its first character that is no space; blank lines
 * and lines of comments are passed over.
 */
export class BlockCursor {
  /** The first character of the line's content; the end of the text when there are no more lines. */
  at = 0;
  /** Its column; -1 at the end of the document. */
  column = -1;
  lineStart = 0;
  /** Since the line before: lines with nothing on them, and whether one had a comment. */
  blankLines = 0;
  hasComment = false;

  constructor(readonly text: string) {}

  /** Goes to the next line with content, from a place at the end of a line or behind its last character. */
  nextLine(from: number): void {
    const { text } = this;
    this.blankLines = 0;
    let start = from;
    for (;;) {
      if (start >= text.length) return this.end(text.length);
      let at = start;
      while (text.charCodeAt(at) === SPACE) at += 1;
      const c = text.charCodeAt(at);
      if (c === LF) {
        this.blankLines += 1;
        start = at + 1;
        continue;
      }
      if (c === HASH) {
        this.hasComment = true;
        start = this.lineEnd(at) + 1;
        continue;
      }
      if (c === TAB) throw UNSUPPORTED;
      if (at >= text.length) return this.end(at);
      this.lineStart = start;
      if (at === start && (c === DASH || c === DOT) && isMarker(text, at)) return this.end(at);
      this.at = at;
      this.column = at - start;
      return undefined;
    }
  }

  private end(at: number): void {
    this.at = at;
    this.column = -1;
  }

  /** Where the line ends: at its line break, or at the end of the text. */
  lineEnd(from: number): number {
    const end = this.text.indexOf('\n', from);
    return end < 0 ? this.text.length : end;
  }

  /** Goes to the next line from behind a value: only a comment may follow it. */
  finishLine(from: number): void {
    let at = from;
    while (this.text.charCodeAt(at) === SPACE) at += 1;
    const c = this.text.charCodeAt(at);
    this.hasComment = false;
    if (c === HASH && at > from) {
      this.hasComment = true;
      at = this.lineEnd(at);
    } else if (c !== LF && at < this.text.length) {
      throw UNSUPPORTED;
    }
    this.nextLine(at + 1);
  }
}

/** Says that a text needs the full reader. Thrown: it comes from any depth. */
export const UNSUPPORTED = new Error('this YAML needs the full reader');

export const LF = 10;
export const TAB = 9;
export const SPACE = 32;
export const HASH = 35;
export const DASH = 45;
export const DOT = 46;
export const COLON = 58;

export const isBlankOrEnd = (c: number): boolean => c === SPACE || c === LF || Number.isNaN(c);

/** `---` or `...` at the start of a line. */
const isMarker = (text: string, at: number): boolean => {
  const c = text.charCodeAt(at);
  return text.charCodeAt(at + 1) === c && text.charCodeAt(at + 2) === c;
};
