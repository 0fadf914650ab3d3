import { KustomizeError } from '../errors.js';

type Test = (labels: ReadonlyMap<string, string>) => boolean;

const NAME = String.raw`([A-Za-z0-9][-A-Za-z0-9_.]*(?:/[A-Za-z0-9][-A-Za-z0-9_.]*)?)`;
const SET = new RegExp(String.raw`^${NAME}\s+(in|notin)\s*\(([^()]*)\)$`);
const EQUALS = new RegExp(String.raw`^${NAME}\s*(==|=|!=)\s*([A-Za-z0-9][-A-Za-z0-9_.]*|)$`);
const EXISTS = new RegExp(String.raw`^(!?)\s*${NAME}$`);
const COMPARES = new RegExp(String.raw`^${NAME}\s*([<>])\s*(-?\d+)$`);

/** A label selector as `kubectl` has it: `a=b,c!=d,e in (f,g),!h,i>1`. Undefined for the empty one. */
export const compileLabelSelector = (selector: string): Test | undefined => {
  if (selector.trim() === '') return undefined;
  const tests = splitTerms(selector).map((term) => compileTerm(term.trim(), selector));
  return (labels) => tests.every((test) => test(labels));
};

/** At commas outside parentheses. */
const splitTerms = (selector: string): string[] => selector.split(/,(?![^(]*\))/);

const compileTerm = (term: string, selector: string): Test => {
  const set = SET.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return (labels) => {
      const value = labels.get(key);
      return operator === 'in' ? value !== undefined && values.has(value) : value === undefined || !values.has(value);
    };
  }
  const equals = EQUALS.exec(term);
  if (equals !== null) {
    const [, key = '', operator, wanted] = equals;
    return (labels) => (labels.get(key) === wanted) === (operator !== '!=');
  }
  const compares = COMPARES.exec(term);
  if (compares !== null) {
    const [, key = '', operator, bound] = compares;
    return (labels) => {
      const value = labels.get(key);
      if (value === undefined || !/^-?\d+$/.test(value)) return false;
      return operator === '<' ? BigInt(value) < BigInt(bound ?? 0) : BigInt(value) > BigInt(bound ?? 0);
    };
  }
  const exists = EXISTS.exec(term);
  if (exists !== null) {
    const [, not, key = ''] = exists;
    return (labels) => labels.has(key) === (not === '');
  }
  throw new KustomizeError(`unable to parse requirement: "${selector}" is not a label selector`);
};
