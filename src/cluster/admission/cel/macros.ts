import { ACCUMULATOR, boolean, call, ident, integer, list, type Expr, type FoldExpr, type MapExpr } from './ast.js';

/** A macro whose arguments are not what it needs. */
export class MacroError extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

type Expand = (offset: number, target: Expr, args: readonly Expr[]) => Expr | undefined;

const nameOf = (expression: Expr | undefined, message = 'argument must be a simple name'): string => {
  if (expression?.kind !== 'ident' || expression.name.startsWith('.'))
    throw new MacroError(expression?.offset ?? 0, message);
  if (expression.name === ACCUMULATOR || expression.name === '__result__')
    throw new MacroError(expression.offset, 'iteration variable overwrites accumulator variable');
  return expression.name;
};

const secondName = (first: string, expression: Expr | undefined): string => {
  const name = nameOf(expression);
  if (name === first) throw new MacroError(expression?.offset ?? 0, `duplicate variable name: ${name}`);
  return name;
};

interface FoldParts {
  readonly variable: string;
  readonly second?: string | undefined;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result?: Expr;
}

const fold = (offset: number, range: Expr, parts: FoldParts): FoldExpr => ({
  kind: 'fold',
  offset,
  range,
  second: undefined,
  accumulator: ACCUMULATOR,
  result: ident(offset, ACCUMULATOR),
  ...parts,
});

const accumulator = (offset: number): Expr => ident(offset, ACCUMULATOR);

type Variables = { readonly variable: string; readonly second?: string };

const all = (offset: number, range: Expr, names: Variables, condition: Expr): Expr =>
  fold(offset, range, {
    ...names,
    init: boolean(offset, true),
    condition: call(offset, '@not_strictly_false', accumulator(offset)),
    step: call(offset, '_&&_', accumulator(offset), condition),
  });

const exists = (offset: number, range: Expr, names: Variables, condition: Expr): Expr =>
  fold(offset, range, {
    ...names,
    init: boolean(offset, false),
    condition: call(offset, '@not_strictly_false', call(offset, '!_', accumulator(offset))),
    step: call(offset, '_||_', accumulator(offset), condition),
  });

const existsOne = (offset: number, range: Expr, names: Variables, condition: Expr): Expr => {
  const more = call(offset, '_+_', accumulator(offset), integer(offset, 1n));
  return fold(offset, range, {
    ...names,
    init: integer(offset, 0n),
    condition: boolean(offset, true),
    step: call(offset, '_?_:_', condition, more, accumulator(offset)),
    result: call(offset, '_==_', accumulator(offset), integer(offset, 1n)),
  });
};

/** Gathers what `step` makes of the accumulator, only where `filter` holds. */
const gather = (
  offset: number,
  range: Expr,
  names: Variables,
  init: Expr,
  step: Expr,
  filter: Expr | undefined,
): Expr =>
  fold(offset, range, {
    ...names,
    init,
    condition: boolean(offset, true),
    step: filter === undefined ? step : call(offset, '_?_:_', filter, step, accumulator(offset)),
  });

const appended = (offset: number, element: Expr): Expr =>
  call(offset, '_+_', accumulator(offset), list(offset, element));

const emptyMap = (offset: number): MapExpr => ({ kind: 'map', offset, entries: [] });

type Quantifier = (offset: number, range: Expr, names: Variables, condition: Expr) => Expr;

/** Quantifiers take one variable, or two: index or key, and value. */
const quantifier =
  (make: Quantifier): Expand =>
  (offset, target, args) => {
    const [first, second, third] = args;
    if (args.length === 2) return make(offset, target, { variable: nameOf(first) }, second as Expr);
    if (args.length !== 3) return undefined;
    const variable = nameOf(first);
    return make(offset, target, { variable, second: secondName(variable, second) }, third as Expr);
  };

const map: Expand = (offset, target, args) => {
  if (args.length !== 2 && args.length !== 3) return undefined;
  const variable = nameOf(args[0], 'argument is not an identifier');
  const filter = args.length === 3 ? args[1] : undefined;
  return gather(offset, target, { variable }, list(offset), appended(offset, args.at(-1) as Expr), filter);
};

const filter: Expand = (offset, target, args) => {
  if (args.length !== 2) return undefined;
  const variable = nameOf(args[0], 'argument is not an identifier');
  return gather(offset, target, { variable }, list(offset), appended(offset, args[0] as Expr), args[1]);
};

const transform =
  (init: (offset: number) => Expr, step: (offset: number, key: string, made: Expr) => Expr): Expand =>
  (offset, target, args) => {
    if (args.length !== 3 && args.length !== 4) return undefined;
    const variable = nameOf(args[0]);
    const names = { variable, second: secondName(variable, args[1]) };
    const condition = args.length === 4 ? args[2] : undefined;
    return gather(offset, target, names, init(offset), step(offset, variable, args.at(-1) as Expr), condition);
  };

const optMap =
  (wrap: (offset: number, made: Expr) => Expr): Expand =>
  (offset, target, args) => {
    const [name, made] = args;
    if (args.length !== 2 || made === undefined || name === undefined) return undefined;
    const fn = wrap === asIs ? 'optFlatMap' : 'optMap';
    const variable = nameOf(name, `${fn}() variable name must be a simple identifier`);
    const has: Expr = { kind: 'call', offset, fn: 'hasValue', target, args: [] };
    const value: Expr = { kind: 'call', offset, fn: 'value', target, args: [] };
    // A fold over nothing binds the value to the name.
    const bound = fold(offset, list(offset), {
      variable: '#unused',
      init: value,
      condition: boolean(offset, false),
      step: ident(offset, variable),
      result: made,
    });
    const none = call(offset, 'optional.none');
    return call(offset, '_?_:_', has, wrap(offset, { ...bound, accumulator: variable }), none);
  };

const asIs = (_offset: number, made: Expr): Expr => made;

const MEMBER_MACROS: Readonly<Record<string, Expand>> = {
  all: quantifier(all),
  exists: quantifier(exists),
  exists_one: quantifier(existsOne),
  existsOne: quantifier(existsOne),
  map,
  filter,
  transformList: transform(
    (offset) => list(offset),
    (offset, _key, made) => appended(offset, made),
  ),
  transformMap: transform(emptyMap, (offset, key, made) =>
    call(offset, 'cel.@mapInsert', accumulator(offset), ident(offset, key), made),
  ),
  transformMapEntry: transform(emptyMap, (offset, _key, made) =>
    call(offset, 'cel.@mapInsert', accumulator(offset), made),
  ),
  optMap: optMap((offset, made) => call(offset, 'optional.of', made)),
  optFlatMap: optMap(asIs),
};

/** What a macro stands for; undefined for a call that is none. Throws a MacroError. */
export const expandMacro = (
  offset: number,
  fn: string,
  target: Expr | undefined,
  args: readonly Expr[],
): Expr | undefined => {
  if (target === undefined) return fn === 'has' && args.length === 1 ? has(offset, args[0] as Expr) : undefined;
  if (fn === 'sortBy' && args.length === 2) return sortBy(offset, target, args);
  const expand = Object.hasOwn(MEMBER_MACROS, fn) ? MEMBER_MACROS[fn] : undefined;
  return expand?.(offset, target, args);
};

const has = (offset: number, operand: Expr): Expr => {
  if (operand.kind === 'select' && !operand.test) return { ...operand, offset, test: true };
  throw new MacroError(operand.offset, 'invalid argument to has() macro');
};

/** Sorts by keys: the keys are made by a fold, and list and keys sorted together. */
const sortBy: Expand = (offset, target, args) => {
  if (target.kind === 'literal' || target.kind === 'map' || target.kind === 'struct')
    throw new MacroError(
      target.offset,
      'sortBy can only be applied to a list, identifier, comprehension, call or select expression',
    );
  const variable = nameOf(args[0], 'argument is not an identifier');
  const keys = gather(
    offset,
    ident(offset, '@list'),
    { variable },
    list(offset),
    appended(offset, args[1] as Expr),
    undefined,
  );
  const sorted: Expr = {
    kind: 'call',
    offset,
    fn: '@sortByAssociatedKeys',
    target: ident(offset, '@list'),
    args: [keys],
  };
  const bound = fold(offset, list(offset), {
    variable: '#unused',
    init: target,
    condition: boolean(offset, false),
    step: ident(offset, '@list'),
    result: sorted,
  });
  return { ...bound, accumulator: '@list' };
};
