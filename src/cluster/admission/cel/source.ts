/** What is wrong at one place of an expression. */
export interface Issue {
  /** In UTF-16 units from the start; negative where there is no place. */
  readonly offset: number;
  readonly message: string;
}

/** An expression that cannot be read or does not fit its environment. The message is worded and laid out as cel-go's. */
export class CompileError extends Error {
  override readonly name = 'CompileError';

  constructor(
    readonly source: string,
    readonly issues: readonly Issue[],
  ) {
    super(
      issues
        .toSorted((a, b) => a.offset - b.offset)
        .map((issue) => showIssue(source, issue))
        .join('\n'),
    );
  }
}

/** `ERROR: <input>:1:5: what`, the line and a mark below the place. */
const showIssue = (source: string, { offset, message }: Issue): string => {
  if (offset < 0) return `ERROR: <input>:-1:0: ${message}`;
  const before = source.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const lineNumber = before.split('\n').length;
  const lineEnd = source.indexOf('\n', offset);
  const line = source.slice(lineStart, lineEnd < 0 ? source.length : lineEnd);
  const column = Array.from(source.slice(lineStart, offset)).length;
  const dots = Array.from(source.slice(lineStart, offset), (each) => ((each.codePointAt(0) ?? 0) > 0x7f ? '．' : '.'));
  const pointed = source.codePointAt(offset) ?? 0;
  const mark = pointed > 0x7f ? '＾' : '^';
  return `ERROR: <input>:${lineNumber}:${column + 1}: ${message}\n | ${line.replaceAll('\t', ' ')}\n | ${dots.join('')}${mark}`;
};

/** An expression of good form and types that can come to nothing: `int("x")`. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
}
