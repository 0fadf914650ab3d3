import type { Node } from './node.js';

/** A comment that could be JSON. */
const CANDIDATE = /#[ \t]*\{/;

/**
 * Schemas that comments give to fields, as kyaml takes them up: JSON behind the key of a list or map, behind a list or map
 * in brackets, or on a line of its own before the key or list entry.
 */
export class CommentSchemas {
  readonly #lines: readonly string[];
  readonly #behind = new Map<number, string>();
  /** By the line that follows. */
  readonly #before = new Map<number, string>();

  private constructor(text: string) {
    this.#lines = text.split('\n');
  }

  /** Undefined when a text has none, which is nearly always. */
  static in(text: string): CommentSchemas | undefined {
    return CANDIDATE.test(text) ? new CommentSchemas(text) : undefined;
  }

  /** Told of every comment by the scanner; lines and columns count from 0. `indent` is that of the block around it. */
  comment(line: number, column: number, indent: number): void {
    const text = this.#lines[line] ?? '';
    const comment = text.slice(column).trim().replace(/^#+/, '');
    if (text.slice(0, column).trim() !== '') this.#behind.set(line, comment);
    else this.#placeBefore(line, column, indent, comment);
  }

  /**
   * A comment on a line of its own is of what follows, unless it ends a block or an empty line sets it apart. Of several
   * lines the first one counts.
   */
  #placeBefore(line: number, column: number, indent: number, comment: string): void {
    if (this.#isComment(line - 1)) return;
    let last = line;
    while (this.#isComment(last + 1)) last += 1;
    let next = last + 1;
    while (next < this.#lines.length && this.#isBlank(next)) next += 1;
    const nextColumn = (this.#lines[next] ?? '').search(/\S/);
    const endsBlock = nextColumn < indent && (column >= indent || column < nextColumn);
    const isBelow = !this.#isBlank(line - 1) && !this.#opens(line - 1);
    if (!isBelow || !(endsBlock || next > last + 1)) this.#before.set(next, comment);
  }

  /** Told of every list and map: `line` and `column` are those of its key or dash, `end` where it is in brackets. */
  value(node: Node, line: number, column: number, end: number | undefined): void {
    if (node.kind === 'scalar') return;
    const isFirst = (this.#lines[line] ?? '').slice(0, column).trim() === '';
    const before = isFirst ? this.#before.get(line) : undefined;
    // Behind a dash it is not of the entry.
    const isEntry = /^-(?:\s|$)/.test(this.#lines[line]?.slice(column) ?? '');
    const behind = end === undefined && isEntry ? undefined : this.#behind.get(end ?? line);
    // Behind a key, any comment hides the one before it; behind brackets only a schema does.
    const comment = end === undefined || isSchema(behind) ? (behind ?? before) : before;
    if (isSchema(comment)) node.commentSchema ??= comment;
  }

  #isBlank(line: number): boolean {
    return (this.#lines[line] ?? '').trim() === '';
  }

  /** Whether a value starts behind a line. */
  #opens(line: number): boolean {
    return /(?::|(?:^|\s)-)(?:\s+#.*)?\s*$/.test(this.#lines[line] ?? '');
  }

  #isComment(line: number): boolean {
    return /^\s*#/.test(this.#lines[line] ?? '');
  }
}

const isSchema = (comment: string | undefined): comment is string =>
  comment !== undefined && schemaInComment(comment) !== undefined;

/** The JSON object of a comment; undefined when it is another comment, or says nothing. */
export const schemaInComment = (comment: string): object | undefined => {
  if (!comment.trimStart().startsWith('{')) return undefined;
  let schema: unknown;
  try {
    schema = JSON.parse(comment);
  } catch {
    return undefined;
  }
  return Object.keys(schema as object).length === 0 ? undefined : (schema as object);
};
