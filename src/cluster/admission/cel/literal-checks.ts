import type { CallExpr, Expr } from './ast.js';
import type { Checked } from './checker.js';
import { pattern } from './patterns.js';
import { CompileError, type Issue } from './source.js';
import { readDuration, readTimestamp } from './time.js';

const innerOf = (expression: Expr): readonly Expr[] => {
  switch (expression.kind) {
    case 'select':
      return [expression.operand];
    case 'call':
      return [...(expression.target === undefined ? [] : [expression.target]), ...expression.args];
    case 'list':
      return expression.elements.map(({ value }) => value);
    case 'map':
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case 'fold':
      return [expression.range, expression.init, expression.condition, expression.step, expression.result];
    default:
      return [];
  }
};

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  duration: readDuration,
  timestamp: readTimestamp,
  matches: pattern,
  find: pattern,
  findAll: pattern,
};

/** A text that is written out where a duration, a time or a pattern is needed. */
const literalArgument = ({ fn, args, target }: CallExpr): Expr | undefined => {
  if (fn === 'duration' || fn === 'timestamp') return args.length === 1 ? args[0] : undefined;
  return target === undefined ? args[1] : args[0];
};

/** Texts that are written out are checked before they are ever used: they are wrong always or never. */
export const checkLiterals = ({ source, expression }: Checked): void => {
  const issues: Issue[] = [];
  const visit = (part: Expr): void => {
    for (const inner of innerOf(part)) visit(inner);
    if (part.kind !== 'call') return;
    const read = Object.hasOwn(readers, part.fn) ? readers[part.fn] : undefined;
    const argument = read === undefined ? undefined : literalArgument(part);
    if (argument?.kind !== 'literal' || argument.literal.type !== 'string') return;
    try {
      read?.(argument.literal.value);
    } catch {
      issues.push({ offset: argument.offset, message: `invalid ${part.fn} argument` });
    }
  };
  visit(expression);
  if (issues.length > 0) throw new CompileError(source, issues);
};
