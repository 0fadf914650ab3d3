import type { JobSpec } from '../../../objects/kinds/batch-v1.js';
import { qualifiedName } from '../../../objects/names.js';
import {
  child,
  duplicate,
  invalid,
  invalidEach,
  invalidUnshown,
  item,
  notSupported,
  required,
  tooMany,
  type FieldError,
} from '../field-errors.js';
import { each, nonNegative } from './rules.js';

const MOST_RULES = 20;
const MOST_EXIT_CODES = 255;
const MOST_CONDITIONS = 20;
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATUSES = ['False', 'True', 'Unknown'];

type FailureRule = NonNullable<NonNullable<JobSpec['podFailurePolicy']>['rules']>[number];
type ExitCodes = NonNullable<FailureRule['onExitCodes']>;
type Conditions = FailureRule['onPodConditions'];

/** A value that must be one of a few; the message for none at all lists them. */
const chosen = (field: string, value: string | undefined, supported: readonly string[]): FieldError[] => {
  if ((value ?? '') === '') {
    const list = supported.map((one) => JSON.stringify(one)).join(' ');
    return [required(field, `valid values: [${list}]`)];
  }
  return supported.includes(value ?? '') ? [] : [notSupported(field, value, supported)];
};

const tooManyOf = (field: string, list: readonly unknown[] | undefined, limit: number): FieldError[] =>
  (list ?? []).length > limit ? [tooMany(field, list?.length ?? 0, limit)] : [];

const validateExitCodes = (field: string, codes: ExitCodes, containers: ReadonlySet<string>): FieldError[] => {
  const { operator, containerName } = codes;
  const values = codes.values ?? [];
  const path = child(field, 'values');
  const errors = chosen(child(field, 'operator'), operator, OPERATORS);
  if (containerName !== undefined && !containers.has(containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(child(field, 'containerName'), containerName, why));
  }
  if (values.length === 0) errors.push(invalid(path, codes.values ?? null, 'at least one value is required'));
  errors.push(...tooManyOf(path, values, MOST_EXIT_CODES));
  for (const [index, value] of values.entries()) {
    const at = item(path, index);
    if (operator === 'In' && value === 0) errors.push(invalid(at, value, 'must not be 0 for the In operator'));
    if (values.indexOf(value) < index) errors.push(duplicate(at, value));
  }
  if (values.some((value, index) => (values[index - 1] ?? value) > value)) {
    errors.push(invalid(path, values, 'must be ordered'));
  }
  return errors;
};

const validateConditions = (field: string, conditions: Conditions): FieldError[] => [
  ...tooManyOf(field, conditions, MOST_CONDITIONS),
  ...each(field, conditions, ({ type, status }, path) => [
    ...invalidEach(child(path, 'type'), type, qualifiedName(type)),
    ...chosen(child(path, 'status'), status, STATUSES),
  ]),
];

const validateAction = (field: string, action: string | undefined, spec: JobSpec): FieldError[] => {
  if (action !== 'FailIndex') return chosen(field, action, ACTIONS);
  return spec.backoffLimitPerIndex === undefined
    ? [invalid(field, action, 'requires the backoffLimitPerIndex to be set')]
    : [];
};

export const validateFailurePolicy = (field: string, spec: JobSpec): FieldError[] => {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const path = child(field, 'rules');
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = new Set([...containers, ...initContainers].map(({ name }) => name ?? ''));
  return [
    ...tooManyOf(path, rules, MOST_RULES),
    ...each(path, rules, ({ action, onExitCodes, onPodConditions = [] }, at) => {
      const errors = validateAction(child(at, 'action'), action, spec);
      if (onExitCodes !== undefined) errors.push(...validateExitCodes(child(at, 'onExitCodes'), onExitCodes, names));
      errors.push(...validateConditions(child(at, 'onPodConditions'), onPodConditions));
      const given = (onExitCodes === undefined ? 0 : 1) + (onPodConditions.length > 0 ? 1 : 0);
      if (given === 2)
        errors.push(invalidUnshown(at, 'specifying both OnExitCodes and OnPodConditions is not supported'));
      if (given === 0) errors.push(invalidUnshown(at, 'specifying one of OnExitCodes and OnPodConditions is required'));
      return errors;
    }),
  ];
};

/** A part of a list of indexes that cannot be read. */
class IndexError extends Error {
  override readonly name = 'IndexError';
}

const indexOf = (text: string, completions: number): number => {
  if (!/^[+-]?\d+$/.test(text))
    throw new IndexError(`cannot convert string to integer for index: ${JSON.stringify(text)}`);
  const index = Number(text);
  if (index >= completions) throw new IndexError(`too large index: ${JSON.stringify(text)}`);
  return index;
};

export type Interval = readonly [first: number, last: number];

const intervalOf = (text: string, completions: number): Interval => {
  const limits = text.split('-');
  if (limits.length > 2) {
    throw new IndexError(
      `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    );
  }
  const first = indexOf(limits[0] ?? '', completions);
  if (limits[1] === undefined) return [first, first];
  const last = indexOf(limits[1], completions);
  if (first >= last) throw new IndexError(`non-increasing order, previous: ${first}, current: ${last}`);
  return [first, last];
};

const intervalsOf = (text: string, completions: number): readonly Interval[] => {
  if (text === '') return [];
  const intervals = text.split(',').map((part) => intervalOf(part, completions));
  let previous: Interval | undefined;
  for (const interval of intervals) {
    if (previous !== undefined && previous[1] >= interval[0]) {
      throw new IndexError(`non-increasing order, previous: ${previous[1]}, current: ${interval[0]}`);
    }
    previous = interval;
  }
  return intervals;
};

/** The intervals of `0-2,4`, or why they cannot be read. */
export const readIndexes = (text: string, completions: number): readonly Interval[] | string => {
  try {
    return intervalsOf(text, completions);
  } catch (error) {
    if (error instanceof IndexError) return error.message;
    throw error;
  }
};

const MOST_INDEX_BYTES = 64 * 1024;

export const validateSuccessPolicy = (field: string, spec: JobSpec): FieldError[] => {
  const rules = spec.successPolicy?.rules ?? [];
  const path = child(field, 'rules');
  const completions = spec.completions ?? 0;
  return [
    ...(rules.length === 0
      ? [required(path, 'at least one rules must be specified when the successPolicy is specified')]
      : []),
    ...tooManyOf(path, rules, MOST_RULES),
    ...each(path, rules, ({ succeededIndexes, succeededCount }, at) => {
      const errors: FieldError[] = [];
      let total = 0;
      if (succeededCount === undefined && succeededIndexes === undefined) {
        errors.push(required(at, 'at least one of succeededCount or succeededIndexes must be specified'));
      }
      if (succeededIndexes !== undefined) {
        const indexes = child(at, 'succeededIndexes');
        if (succeededIndexes.length > MOST_INDEX_BYTES) {
          const message = `Too long: may not be more than ${MOST_INDEX_BYTES} bytes`;
          errors.push({ reason: 'FieldValueTooLong', field: indexes, message });
        }
        const read = readIndexes(succeededIndexes, completions);
        if (typeof read === 'string') {
          errors.push(invalid(indexes, succeededIndexes, `error parsing succeededIndexes: ${read}`));
        } else total = read.reduce((sum, [first, last]) => sum + last - first + 1, 0);
      }
      if (succeededCount === undefined) return errors;
      const count = child(at, 'succeededCount');
      const over = (limit: number, what: string): FieldError =>
        invalid(count, succeededCount, `must be less than or equal to ${limit} (the number of ${what})`);
      errors.push(...nonNegative(count, succeededCount));
      if (succeededCount > completions) errors.push(over(completions, 'specified completions'));
      if (succeededIndexes !== undefined && succeededCount > total) {
        errors.push(over(total, 'indexes in the specified succeededIndexes field'));
      }
      return errors;
    }),
  ];
};
