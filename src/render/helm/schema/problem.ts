import { quote } from './json.js';

/** One thing that is wrong with a value, in the form in which Helm's validator reports it. */
export interface Problem {
  /** Where in the values. */
  path: readonly string[];
  text: string;
  causes: readonly Problem[];
  /** Several problems of one schema, which the schema around it takes over. */
  readonly isGroup?: boolean;
  /** What a reference leads to: not shown around a single problem. */
  readonly isReference?: boolean;
}

/** The problems as Helm prints them: one a line, causes below. */
export const problemLines = (problems: readonly Problem[], indent = 0): string[] =>
  problems.flatMap((problem) => {
    if (problem.isReference === true && problem.causes.length === 1) return problemLines(problem.causes, indent);
    const place = problem.path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    return [`${'  '.repeat(indent)}- at ${quote(place)}: ${problem.text}`, ...problemLines(problem.causes, indent + 1)];
  });

/** A schema that cannot be used at all. */
export class SchemaFailure extends Error {
  override readonly name = 'SchemaFailure';
}
