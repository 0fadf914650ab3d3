import type { CallExpr, Expr } from './ast.js';
import type { Issue } from './source.js';
import type { CelType } from './types.js';

type TypeOf = (part: Expr) => CelType;

/** The types that a clause takes, and what it says of others. */
interface Clause {
  readonly names: readonly string[];
  readonly refusal: string;
}

const only = (clause: string, what: string): string => `${clause} clause can only be used on ${what}`;

const HEX: Clause = {
  names: ['int', 'uint', 'string', 'bytes'],
  refusal: 'only integers, byte buffers, and strings can be formatted as hex',
};

const CLAUSES: Readonly<Record<string, Clause>> = {
  s: {
    names: ['string', 'bool', 'bytes', 'int', 'uint', 'double', 'map', 'list', 'type', 'null_type'].concat([
      'google.protobuf.Duration',
      'google.protobuf.Timestamp',
    ]),
    refusal: only('string', 'strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps'),
  },
  d: { names: ['int', 'uint'], refusal: only('decimal', 'integers') },
  f: { names: ['double', 'string'], refusal: only('fixed-point', 'doubles') },
  e: { names: ['double', 'string'], refusal: only('scientific', 'doubles') },
  b: { names: ['int', 'uint', 'bool'], refusal: 'only integers and bools can be formatted as binary' },
  o: { names: ['int', 'uint'], refusal: only('octal', 'integers') },
  x: HEX,
  X: HEX,
};

/** What is wrong with the values that a text which is written out is to be filled with. */
export const formatIssue = ({ fn, target, args, offset }: CallExpr, typeOf: TypeOf): Issue | undefined => {
  const [values] = args;
  if (fn !== 'format' || target?.kind !== 'literal' || target.literal.type !== 'string') return undefined;
  if (values?.kind !== 'list' || args.length !== 1) return undefined;
  const given = values.elements.map(({ value }) => value);
  let used = 0;
  for (const [, precision, verb] of target.literal.value.matchAll(/%(?:%|(\.\d*)?([^]?))/gu)) {
    if (verb === undefined) continue;
    const fault = verb === '' || precision === '.' ? clauseFault(precision, verb) : undefined;
    if (fault !== undefined) return { offset, message: fault };
    const clause = Object.hasOwn(CLAUSES, verb) ? CLAUSES[verb] : undefined;
    const value = given[used];
    if (value === undefined) return { offset, message: `index ${used} out of range` };
    if (clause === undefined) {
      return { offset, message: `could not parse formatting clause: unrecognized formatting clause "${verb}"` };
    }
    used += 1;
    const bad = unfitting(value, clause, verb, typeOf);
    if (bad === undefined) continue;
    const message = `error during formatting: ${clause.refusal}, was given ${typeOf(bad).name}`;
    return { offset: bad.offset, message };
  }
  if (used >= given.length) return undefined;
  const counts = `expected ${used}, got ${given.length}`;
  return { offset, message: `too many arguments supplied to string.format (${counts})` };
};

const clauseFault = (precision: string | undefined, verb: string): string | undefined => {
  if (precision === undefined) return verb === '' ? 'unexpected end of string' : undefined;
  const prefix = 'could not parse formatting clause: error while parsing precision';
  if (verb === '') return `${prefix}: could not find end of precision specifier`;
  return `${prefix}: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax`;
};

/** The value, or the part of it, that a clause does not take. */
const unfitting = (value: Expr, clause: Clause, verb: string, typeOf: TypeOf): Expr | undefined => {
  const { kind, name } = typeOf(value);
  if (kind !== 'dyn' && kind !== 'error' && !clause.names.includes(name)) return value;
  if (verb !== 's') return undefined;
  for (const part of partsOf(value)) {
    const bad = unfitting(part, clause, verb, typeOf);
    if (bad !== undefined) return bad;
  }
  return undefined;
};

const partsOf = (value: Expr): readonly Expr[] => {
  if (value.kind === 'list') return value.elements.map((element) => element.value);
  return value.kind === 'map' ? value.entries.flatMap((entry) => [entry.key, entry.value]) : [];
};
