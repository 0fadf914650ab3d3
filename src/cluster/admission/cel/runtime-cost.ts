import { ExtensionValue, MapValue, sizeOf, type CelValue } from './values.js';

/** What going through one character costs. */
export const TRAVERSAL = 0.1;
/** What one character of a pattern costs. */
export const PATTERN = 0.25;

/** A check of what somebody may do is dear: two of them are what one expression can afford. */
export const AUTHORIZATION = 350_000;

/** What one requirement of a selector costs, and how many a text of some length may have. */
export const REQUIREMENT = { cost: 50, perCharacter: 0.5 };

const through = (value: CelValue, factor = 1): number => Math.ceil(sizeOf(value) * factor * TRAVERSAL);

const matching = (text: number, pattern: number): number =>
  Math.ceil((1 + text) * TRAVERSAL) * Math.ceil(pattern * PATTERN);

/** Everything that a value holds, gone through once. */
const everything = (value: CelValue): number => {
  if (typeof value === 'string' || value instanceof Uint8Array) return Math.floor(sizeOf(value) * TRAVERSAL);
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + everything(each), 0);
  if (!(value instanceof MapValue)) return 1;
  let sum = 0;
  for (const [key, held] of value.entries()) sum += everything(key) + everything(held);
  return sum;
};

type Cost = (args: readonly CelValue[], result: CelValue, id: string) => number;

const one: Cost = () => 1;
const firstOnce: Cost = ([first]) => through(first);
const firstTwice: Cost = ([first]) => through(first, 2);
const allOfFirst: Cost = ([first]) => everything(first);
const find: Cost = ([text, expression]) => matching(sizeOf(text), sizeOf(expression));
const selector: Cost = ([, text]) =>
  10 + through(text) + Math.ceil(sizeOf(text) * REQUIREMENT.perCharacter) * REQUIREMENT.cost;

const containsAddress =
  (parsed: string, masks: boolean): Cost =>
  ([range, other], _result, id) =>
    through(range, 2) + (masks ? through(range) + 1 : 0) + (id === parsed ? through(other) : 0);

const named = (names: string, cost: Cost): Readonly<Record<string, Cost>> =>
  Object.fromEntries(names.split(' ').map((name) => [name, cost]));

/** By the name of the function: the libraries of Kubernetes. */
const BY_FUNCTION: Readonly<Record<string, Cost>> = {
  ...named('check', () => AUTHORIZATION),
  ...named('serviceAccount path group resource subresource namespace name allowed reason error errored', one),
  ...named('fieldSelector labelSelector', selector),
  ...named('isSorted sum max min indexOf lastIndexOf includes', allOfFirst),
  ...named('url lowerAscii upperAscii substring trim jsonpatch.escapeKey', firstOnce),
  ...named('replace split', firstTwice),
  join: (_args, result) => through(result, 2),
  ...named('find findAll', find),
  ...named('cidr isIP isCIDR quantity isQuantity semver isSemver', firstOnce),
  ip: ([first], _result, id) => (id === 'cidr_ip' ? 1 : through(first)),
  'ip.isCanonical': firstTwice,
  containsIP: containsAddress('cidr_contains_ip_string', false),
  containsCIDR: containsAddress('cidr_contains_cidr_string', true),
  validate: ([format, text]) => matching(sizeOf(text), format instanceof ExtensionValue ? format.size : 1),
};

const shorter: Cost = ([a, b]) => Math.ceil(Math.min(sizeOf(a), sizeOf(b)) * TRAVERSAL);
const argument: Cost = ([first]) => through(first);
const both: Cost = ([a, b]) => Math.ceil((sizeOf(a) + sizeOf(b)) * TRAVERSAL);

/** By the id of the overload: the functions of CEL itself. */
const BY_OVERLOAD: Readonly<Record<string, Cost>> = {
  ...named('starts_with_string ends_with_string string_to_bytes bytes_to_string strings_quote string_format', argument),
  in_list: ([, list]) => sizeOf(list),
  ...named('less_string greater_string less_equals_string greater_equals_string', shorter),
  ...named('less_bytes greater_bytes less_equals_bytes greater_equals_bytes equals not_equals', shorter),
  ...named('add_string add_bytes', both),
  ...named('matches matches_string', find),
  contains_string: ([text, part]) => through(text) * through(part),
};

/** What a call costs that was made with these values. `id` is empty where several overloads were possible. */
export const callCost = (name: string, id: string, args: readonly CelValue[], result: CelValue): number => {
  if (name === '_==_' && args[0] instanceof ExtensionValue) return 1;
  const byFunction = Object.hasOwn(BY_FUNCTION, name) ? BY_FUNCTION[name] : undefined;
  if (byFunction !== undefined) return byFunction(args, result, id);
  const byOverload = Object.hasOwn(BY_OVERLOAD, id) ? BY_OVERLOAD[id] : undefined;
  return byOverload?.(args, result, id) ?? 1;
};
