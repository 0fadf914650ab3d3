import type { Labels } from '../labels.js';
import { qualifiedName, validLabelValue } from '../names.js';

export type SelectorOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** One requirement; all of a selector's must hold. */
export interface Requirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  /** Sorted, without repetition. */
  readonly values: readonly string[];
}

/** A parsed selector. The empty list selects everything, `nothing` selects no object at all. */
export type LabelSelector = readonly Requirement[] | 'nothing';

export const nothing: LabelSelector = 'nothing';

/** Why a selector is wrong, worded as Kubernetes words it. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

const quote = (text: string): string => JSON.stringify(text);

const COUNT_RULES: Readonly<Record<SelectorOperator, readonly [least: number, most: number, message: string]>> = {
  in: [1, Number.POSITIVE_INFINITY, "for 'in', 'notin' operators, values set can't be empty"],
  notin: [1, Number.POSITIVE_INFINITY, "for 'in', 'notin' operators, values set can't be empty"],
  '=': [1, 1, 'exact-match compatibility requires one single value'],
  '==': [1, 1, 'exact-match compatibility requires one single value'],
  '!=': [1, 1, 'exact-match compatibility requires one single value'],
  exists: [0, 0, 'values set must be empty for exists and does not exist'],
  '!': [0, 0, 'values set must be empty for exists and does not exist'],
  gt: [1, 1, "for 'Gt', 'Lt' operators, exactly one value is required"],
  lt: [1, 1, "for 'Gt', 'Lt' operators, exactly one value is required"],
};

/** A checked requirement. Throws a SelectorError that lists all that is wrong. */
export const requirement = (key: string, operator: SelectorOperator, values: readonly string[]): Requirement => {
  const errors: string[] = [];
  const keyErrors = qualifiedName(key);
  if (keyErrors.length > 0) errors.push(`key: Invalid value: ${quote(key)}: ${keyErrors.join('; ')}`);
  const [least, most, message] = COUNT_RULES[operator];
  if (values.length < least || values.length > most) {
    errors.push(`values: Invalid value: [${values.map(quote).join(',')}]: ${message}`);
  }
  values.forEach((value, index) => {
    if ((operator === 'gt' || operator === 'lt') && !/^[+-]?\d+$/.test(value)) {
      errors.push(
        `values[${index}]: Invalid value: ${quote(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
    const wrong = validLabelValue(value);
    if (wrong.length > 0) errors.push(`values[${index}][${key}]: Invalid value: ${quote(value)}: ${wrong.join('; ')}`);
  });
  if (errors.length > 0) throw new SelectorError(errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`);
  return { key, operator, values: [...new Set(values)].sort() };
};

const matchesRequirement = ({ key, operator, values }: Requirement, labels: Labels): boolean => {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    default:
      return value !== undefined && comparesTo(value, operator, values[0] ?? '');
  }
};

const comparesTo = (value: string, operator: 'gt' | 'lt', bound: string): boolean => {
  if (!/^[+-]?\d+$/.test(value)) return false;
  return operator === 'gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
};

/** True when the labels satisfy every requirement. */
export const matchesLabels = (selector: LabelSelector, labels: Labels | undefined): boolean =>
  selector !== 'nothing' && selector.every((each) => matchesRequirement(each, labels ?? {}));

/** A selector as objects carry it: `spec.selector` of a Deployment. */
export interface LabelSelectorObject {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

const EXPRESSION_OPERATORS: ReadonlyMap<string, SelectorOperator> = new Map<string, SelectorOperator>([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
]);

/** The selector of an object: absent selects nothing, empty selects everything. Throws a SelectorError. */
export const selectorFromObject = (object: LabelSelectorObject | undefined): LabelSelector => {
  if (object === undefined) return nothing;
  const fromLabels = Object.entries(object.matchLabels ?? {}).map(([key, value]) => requirement(key, '=', [value]));
  const fromExpressions = (object.matchExpressions ?? []).map(({ key, operator, values }) => {
    const known = EXPRESSION_OPERATORS.get(operator);
    if (known === undefined) throw new SelectorError(`${quote(operator)} is not a valid label selector operator`);
    return requirement(key, known, values ?? []);
  });
  return sortByKey([...fromLabels, ...fromExpressions]);
};

/** The selector of a plain map of labels, as in the `spec.selector` of a Service. Nothing is checked. */
export const selectorFromLabels = (labels: Labels): LabelSelector =>
  sortByKey(Object.entries(labels).map(([key, value]) => ({ key, operator: '=' as const, values: [value] })));

export const sortByKey = (requirements: readonly Requirement[]): readonly Requirement[] =>
  requirements.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));

const formatRequirement = ({ key, operator, values }: Requirement): string => {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case 'gt':
      return `${key}>${values[0]}`;
    case 'lt':
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
};

/** The selector as text, the form that `parseLabelSelector` reads. */
export const formatLabelSelector = (selector: LabelSelector): string =>
  selector === 'nothing' ? '' : selector.map(formatRequirement).join(',');
