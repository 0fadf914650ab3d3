import type { CallExpr, Expr, ListExpr, MapExpr } from './ast.js';
import type { Checked } from './checker.js';
import { formatIssue } from './format-checks.js';
import { pattern } from './patterns.js';
import { CompileError, type Issue } from './source.js';
import { readDuration, readTimestamp } from './time.js';
import { showType, type CelType } from './types.js';

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

/** The first elements of a list or a map that are not like those before them. */
class Alikeness {
  readonly issues: Issue[] = [];

  constructor(private readonly typeOf: (part: Expr) => CelType) {}

  list({ elements }: ListExpr): void {
    const types = elements.map(({ value, optional }) => this.type(value, optional));
    const index = types.findIndex((type) => type !== types[0]);
    if (index > 0) this.differs((elements[index] as { value: Expr }).value, types[0], types[index]);
  }

  map({ entries }: MapExpr): void {
    const [keys, values] = [
      entries.map(({ key }) => this.type(key, false)),
      entries.map(({ value, optional }) => this.type(value, optional)),
    ];
    entries.forEach(({ key, value }, index) => {
      if (keys[index] !== keys[0]) this.differs(key, keys[0], keys[index]);
      if (values[index] !== values[0]) this.differs(value, values[0], values[index]);
    });
  }

  private type(part: Expr, optional: boolean): string {
    const type = this.typeOf(part);
    return showType(optional ? (type.params[0] ?? type) : type);
  }

  private differs({ offset }: Expr, expected: string | undefined, found: string | undefined): void {
    this.issues.push({ offset, message: `expected type '${expected ?? ''}' but found '${found ?? ''}'` });
  }
}

/**
 * Texts that are written out are checked before they are ever used: they are wrong always or never. Elements of lists
 * and maps that are written out must be alike, but for those that are only formatted.
 */
export const checkLiterals = (checked: Checked): void => {
  const { source, expression } = checked;
  const alike = new Alikeness((part) => checked.typeOf(part));
  const { issues } = alike;
  const visit = (part: Expr, isFormatted: boolean): void => {
    const below = isFormatted || (part.kind === 'call' && part.fn === 'format');
    for (const inner of innerOf(part)) visit(inner, below);
    if (part.kind === 'list' && !isFormatted) alike.list(part);
    if (part.kind === 'map' && !isFormatted) alike.map(part);
    if (part.kind !== 'call') return;
    const format = formatIssue(part, (each) => checked.typeOf(each));
    if (format !== undefined) issues.push(format);
    const read = Object.hasOwn(readers, part.fn) ? readers[part.fn] : undefined;
    const argument = read === undefined ? undefined : literalArgument(part);
    if (argument?.kind !== 'literal' || argument.literal.type !== 'string') return;
    try {
      read?.(argument.literal.value);
    } catch {
      issues.push({ offset: argument.offset, message: `invalid ${part.fn} argument` });
    }
  };
  visit(expression, false);
  if (issues.length > 0) throw new CompileError(source, issues);
};
