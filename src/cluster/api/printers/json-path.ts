import { isRecord, ownValue } from '../../../objects/json.js';

type Step =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'all' }
  | { readonly type: 'slice'; readonly from: number; readonly to: number | undefined }
  | { readonly type: 'filter'; readonly path: readonly Step[]; readonly operator: string; readonly value: unknown };

/**
 * The values at a JSON path of a printer column: names, indexes, `[*]`, slices and `[?(@.type=="Ready")]`. A path that
 * cannot be read, or leads nowhere, has no values.
 */
export const findByPath = (root: unknown, path: string): readonly unknown[] => {
  const steps = stepsOf(path);
  return steps === undefined ? [] : follow([root], steps);
};

const known = new Map<string, readonly Step[] | undefined>();
const KNOWN_LIMIT = 1000;

const stepsOf = (path: string): readonly Step[] | undefined => {
  if (!known.has(path)) {
    if (known.size >= KNOWN_LIMIT) known.clear();
    known.set(path, parsePath(path));
  }
  return known.get(path);
};

const FILTER = /^\?\(\s*@([^=!<>~\s]*)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?))?\s*\)$/;

const parsePath = (text: string): readonly Step[] | undefined => {
  const steps: Step[] = [];
  let rest = text.replace(/^\{/, '').replace(/\}$/, '').replace(/^\$/, '');
  while (rest !== '') {
    const name = /^\.?((?:[^.[\]\\]|\\.)+)/.exec(rest);
    if (rest.startsWith('[')) {
      const end = closing(rest);
      const step = end < 0 ? undefined : bracketStep(rest.slice(1, end).trim());
      if (step === undefined) return undefined;
      steps.push(step);
      rest = rest.slice(end + 1);
    } else if (name?.[1] !== undefined) {
      steps.push(name[1] === '*' ? { type: 'all' } : { type: 'name', name: name[1].replaceAll(/\\(.)/g, '$1') });
      rest = rest.slice(name[0].length);
    } else return rest === '.' ? steps : undefined;
  }
  return steps;
};

/** Where the bracket at the start closes; brackets in quotes do not count. */
const closing = (text: string): number => {
  let quote = '';
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '[') depth += 1;
    else if (character === ']') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return -1;
};

const bracketStep = (inner: string): Step | undefined => {
  if (inner === '*') return { type: 'all' };
  const [, quoted] = /^(?:'(.*)'|"(.*)")$/.exec(inner) ?? [];
  if (quoted !== undefined) return { type: 'name', name: quoted };
  if (/^-?\d+$/.test(inner)) return { type: 'index', index: Number(inner) };
  const [, from, to] = /^(-?\d*):(-?\d*)$/.exec(inner) ?? [];
  if (from !== undefined) return { type: 'slice', from: Number(from), to: to === '' ? undefined : Number(to) };
  const [match, path = '', operator = 'exists', value] = FILTER.exec(inner) ?? [];
  if (match === undefined) return undefined;
  const steps = parsePath(path);
  return steps === undefined ? undefined : { type: 'filter', path: steps, operator, value: literal(value) };
};

const literal = (text: string | undefined): unknown => {
  if (text === undefined) return undefined;
  const [, single, double] = /^(?:'(.*)'|"(.*)")$/.exec(text) ?? [];
  if (single !== undefined || double !== undefined) return single ?? double;
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
};

const follow = (values: readonly unknown[], steps: readonly Step[]): readonly unknown[] =>
  steps.reduce<readonly unknown[]>((current, step) => current.flatMap((value) => take(value, step)), values);

const childrenOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : isRecord(value) ? Object.values(value) : [];

const take = (value: unknown, step: Step): readonly unknown[] => {
  switch (step.type) {
    case 'name': {
      const child = ownValue(value, step.name);
      return child === undefined ? [] : [child];
    }
    case 'index': {
      const child: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
      return child === undefined ? [] : [child];
    }
    case 'all':
      return childrenOf(value);
    case 'slice':
      return Array.isArray(value) ? (value.slice(step.from, step.to) as unknown[]) : [];
    default:
      return childrenOf(value).filter((child) => passes(follow([child], step.path), step.operator, step.value));
  }
};

const passes = (found: readonly unknown[], operator: string, wanted: unknown): boolean => {
  const [value] = found;
  switch (operator) {
    case 'exists':
      return found.length > 0;
    case '==':
      return value === wanted;
    case '!=':
      return value !== wanted;
    default:
      return typeof value === 'number' && typeof wanted === 'number' && compares(value, operator, wanted);
  }
};

const compares = (value: number, operator: string, wanted: number): boolean => {
  if (operator === '<') return value < wanted;
  if (operator === '<=') return value <= wanted;
  return operator === '>' ? value > wanted : value >= wanted;
};
