/** An error of the YAML reader, with the text that go-yaml gives it: `yaml: line 3: did not find expected key`. */
export class YamlError extends Error {
  override readonly name = 'YamlError';

  constructor(
    message: string,
    /** As go-yaml 3 has it, which names the line where the construct begins. */
    readonly message3 = message,
  ) {
    super(message);
  }
}

export interface Mark {
  /** Line and column, from 0. */
  readonly line: number;
  readonly column: number;
  readonly index: number;
}

const where = (line: number): string => (line === 0 ? '' : `line ${line}: `);

const lineIn3 = (at: Mark, context?: Mark): number =>
  context !== undefined && context.line !== 0 ? context.line : at.line;

/** go-yaml counts the lines of scanner errors from 1, but not those of the first line. */
export const scannerError = (problem: string, at: Mark, context?: Mark): YamlError => {
  const line = at.line !== 0 ? at.line + 1 : (context?.line ?? 0);
  const line3 = lineIn3(at, context);
  return new YamlError(`yaml: ${where(line)}${problem}`, `yaml: ${where(line3 === 0 ? 0 : line3 + 1)}${problem}`);
};

/** go-yaml counts the lines of parser errors from 0. */
export const parserError = (problem: string, at: Mark, context?: Mark): YamlError =>
  new YamlError(
    `yaml: ${where(at.line !== 0 ? at.line : (context?.line ?? 0))}${problem}`,
    `yaml: ${where(lineIn3(at, context))}${problem}`,
  );
