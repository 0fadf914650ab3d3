import type { Expr } from './ast.js';
import { fixed, NOTHING, plus, scaled, times, UNBOUNDED, type Range } from './estimate-range.js';
import { AUTHORIZATION, PATTERN, REQUIREMENT, TRAVERSAL } from './runtime-cost.js';
import type { CelType } from './types.js';

/** An operand of a call, as estimates see it. */
export interface Operand {
  readonly expression: Expr | undefined;
  readonly type: CelType;
  /** How much of it there may be. */
  readonly size: Range;
  /** How large the elements of a list are; undefined where nothing is known of them. */
  readonly elements: { readonly type: CelType; readonly size: Range } | undefined;
}

export interface CallEstimate {
  /** Without that of the operands. */
  readonly cost: Range;
  /** Of the result, where it has one. */
  readonly size?: Range;
}

export interface Call {
  readonly id: string;
  readonly target: Operand | undefined;
  readonly args: readonly Operand[];
}

type Estimate = (call: Call) => CallEstimate | undefined;

const one: Estimate = () => ({ cost: fixed(1) });
const through = (operand: Operand, factor = 1): Range => scaled(operand.size, factor * TRAVERSAL);
const matching = (text: Range, pattern: Range): Range =>
  times(scaled(plus(text, fixed(1)), TRAVERSAL), scaled(pattern, PATTERN));

const firstArgument: Estimate = ({ args: [first] }) => (first === undefined ? undefined : { cost: through(first) });
const firstKept: Estimate = ({ args: [first] }) =>
  first === undefined ? undefined : { cost: through(first), size: first.size };
const targetKept: Estimate = ({ target }) =>
  target === undefined ? undefined : { cost: through(target), size: target.size };

/** Every element once, those with a length by their length. */
const everyElement =
  (isIncludes: boolean): Estimate =>
  ({ target }) => {
    if (target === undefined) return undefined;
    const { elements } = target;
    if (elements === undefined && !isIncludes) return { cost: through(target) };
    const isText = elements !== undefined && (elements.type.kind === 'string' || elements.type.kind === 'bytes');
    const each = isText ? plus(fixed(1), scaled(elements.size, TRAVERSAL)) : fixed(1);
    return { cost: times(target.size, each) };
  };

const selector: Estimate = ({ args: [text] }) => {
  if (text === undefined) return undefined;
  const requirements = scaled(scaled(text.size, REQUIREMENT.perCharacter), REQUIREMENT.cost);
  return { cost: plus(plus(fixed(10), through(text)), requirements) };
};

const replace: Estimate = ({ target, args: [from, to] }) => {
  if (target === undefined || from === undefined || to === undefined) return undefined;
  const { size } = target;
  const most =
    from.size.min === 0
      ? { count: Math.min(size.max + 1, UNBOUNDED), kept: size.max }
      : to.size.max <= from.size.min
        ? { count: 0, kept: size.max }
        : { count: Math.ceil(size.max / from.size.min), kept: 0 };
  const least =
    from.size.max === 0
      ? { count: size.min + 1, kept: size.min }
      : from.size.max <= to.size.min
        ? { count: 0, kept: size.min }
        : { count: Math.ceil(size.min / from.size.max), kept: 0 };
  const made = plus(times({ min: least.count, max: most.count }, to.size), { min: least.kept, max: most.kept });
  return { cost: through(target, 2), size: made };
};

const split: Estimate = ({ target, args }) => {
  if (target === undefined) return undefined;
  const limit = args[1]?.expression;
  const isGiven = limit?.kind === 'literal' && limit.literal.type === 'int';
  const max = isGiven ? Number(limit.literal.value) : target.size.max;
  return { cost: through(target, 2), size: { min: 0, max } };
};

const join: Estimate = ({ target, args: [separator] }) => {
  if (target === undefined) return undefined;
  let size = target.elements === undefined ? NOTHING : times(target.size, target.elements.size);
  if (separator !== undefined) {
    const gaps = { min: Math.max(target.size.min - 1, 0), max: Math.max(target.size.max - 1, 0) };
    size = plus(size, times(separator.size, gaps));
  }
  return { cost: scaled(size, TRAVERSAL), size };
};

const find: Estimate = ({ target, args: [pattern] }) =>
  target === undefined || pattern === undefined
    ? undefined
    : { cost: matching(target.size, pattern.size), size: { min: 0, max: target.size.max } };

/** An address is 4 or 16 bytes. */
const ADDRESS: Range = { min: 4, max: 16 };

const containsAddress =
  (parsed: string, masks: boolean): Estimate =>
  ({ id, args: [other] }) => {
    let cost = scaled(plus(ADDRESS, ADDRESS), TRAVERSAL);
    if (masks) cost = plus(plus(cost, scaled(ADDRESS, TRAVERSAL)), fixed(1));
    if (id === parsed && other !== undefined) cost = plus(cost, through(other));
    return { cost };
  };

/** The longest pattern behind a format. */
const FORMAT_PATTERN = 128;

const named = (names: string, estimate: Estimate): Readonly<Record<string, Estimate>> =>
  Object.fromEntries(names.split(' ').map((name) => [name, estimate]));

/** By the name of the function: the libraries of Kubernetes. */
const BY_FUNCTION: Readonly<Record<string, Estimate>> = {
  check: () => ({ cost: fixed(AUTHORIZATION) }),
  ...named('serviceAccount path group resource subresource namespace name allowed reason error errored', one),
  ...named('fieldSelector labelSelector', selector),
  ...named('isSorted sum max min indexOf lastIndexOf', everyElement(false)),
  includes: everyElement(true),
  ...named('url jsonpatch.escapeKey', firstKept),
  ...named('lowerAscii upperAscii substring trim', targetKept),
  replace,
  split,
  join,
  ...named('find findAll', find),
  ...named('cidr isIP isCIDR quantity isQuantity semver isSemver', firstArgument),
  ip: (call) => (call.id === 'cidr_ip' ? one(call) : firstArgument(call)),
  'ip.isCanonical': ({ args: [first] }) => (first === undefined ? undefined : { cost: through(first, 2) }),
  containsIP: containsAddress('cidr_contains_ip_string', false),
  containsCIDR: containsAddress('cidr_contains_cidr_string', true),
  validate: ({ args: [text] }) =>
    text === undefined ? undefined : { cost: scaled(through(text), FORMAT_PATTERN * PATTERN) },
};

const unboundedTimes = (value: number, factor: number): number => Math.min(value * factor, UNBOUNDED);

const shorter: Estimate = ({ args: [a, b] }) => {
  const max = Math.min(a?.size.max ?? 0, b?.size.max ?? 0);
  return { cost: scaled({ min: max > 0 ? 1 : 0, max }, TRAVERSAL) };
};

const added: Estimate = ({ args: [a, b] }) => {
  const size = plus(a?.size ?? NOTHING, b?.size ?? NOTHING);
  return { cost: scaled(size, TRAVERSAL), size };
};

/** By the id of the overload: the functions of CEL itself. */
const BY_OVERLOAD: Readonly<Record<string, Estimate>> = {
  string_format: ({ target }) => (target === undefined ? undefined : { cost: through(target) }),
  string_to_bytes: ({ args: [text] }) =>
    text && { cost: through(text), size: { min: text.size.min, max: unboundedTimes(text.size.max, 4) } },
  bytes_to_string: ({ args: [bytes] }) =>
    bytes && { cost: through(bytes), size: { min: Math.floor(bytes.size.min / 4), max: bytes.size.max } },
  strings_quote: ({ args: [text] }) =>
    text && { cost: through(text), size: { min: text.size.min + 2, max: unboundedTimes(text.size.max, 2) } },
  ...named('starts_with_string ends_with_string', firstArgument),
  in_list: ({ args: [, list] }) => list && { cost: list.size },
  matches_string: ({ target, args: [pattern] }) => target && pattern && { cost: matching(target.size, pattern.size) },
  contains_string: ({ target, args: [part] }) => target && part && { cost: times(through(target), through(part)) },
  ...named('add_string add_bytes', added),
  add_list: (call) => ({ ...added(call), cost: fixed(1) }),
  ...named('less_string greater_string less_equals_string greater_equals_string', shorter),
  ...named('less_bytes greater_bytes less_equals_bytes greater_equals_bytes equals not_equals', shorter),
};

const EXTENSIONS = /^(?:kubernetes\.|net\.)/;

/** What a call may cost, apart from its operands. */
export const estimateCall = (name: string, call: Call): CallEstimate => {
  const [left, right] = call.args;
  if (name === '_==_' && left?.type.name === right?.type.name && EXTENSIONS.test(left?.type.name ?? ''))
    return { cost: fixed(1) };
  const byFunction = Object.hasOwn(BY_FUNCTION, name) ? BY_FUNCTION[name] : undefined;
  const byOverload = Object.hasOwn(BY_OVERLOAD, call.id) ? BY_OVERLOAD[call.id] : undefined;
  return byFunction?.(call) ?? byOverload?.(call) ?? { cost: fixed(1) };
};
