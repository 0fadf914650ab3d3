import { Optional, type ParseResult } from '@marcbachmann/cel-js';
import { isRecord, jsonEquals, ownValue, type AnyRecord } from '../../../objects/json.js';
import { child, invalid, item, keyed, type FieldError, type FieldReason } from '../field-errors.js';
import { ruleEnvironment, safeExpression } from './cel-environment.js';
import { celValue } from './cel-values.js';
import { itemsOf, propertyOf, valuesOf } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';

interface Rule {
  readonly source: string;
  readonly run: ParseResult;
  readonly message: string;
  readonly messageExpression: ParseResult | undefined;
  readonly reason: FieldReason;
  readonly fieldPath: string;
  readonly comparesWithOld: boolean;
  readonly oldIsOptional: boolean;
}

/** The rules of a schema and of all below it. */
interface RuleNode {
  readonly schema: StructuralSchema;
  readonly rules: readonly Rule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly items: RuleNode | undefined;
  readonly values: RuleNode | undefined;
}

const REASONS: ReadonlySet<string> = new Set([
  'FieldValueInvalid',
  'FieldValueForbidden',
  'FieldValueRequired',
  'FieldValueDuplicate',
]);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const parseExpression = (expression: string): ParseResult => ruleEnvironment.parse(safeExpression(expression));

const compileRule = (declared: AnyRecord): Rule => {
  const source = text(declared['rule']);
  const reason = text(declared['reason']);
  const message = text(declared['messageExpression']);
  return {
    source,
    run: parseExpression(source),
    message: text(declared['message']),
    messageExpression: message === '' ? undefined : parseExpression(message),
    reason: REASONS.has(reason) ? (reason as FieldReason) : 'FieldValueInvalid',
    fieldPath: text(declared['fieldPath']),
    comparesWithOld: /\boldSelf\b/.test(source),
    oldIsOptional: declared['optionalOldSelf'] === true,
  };
};

const declaredRules = (schema: StructuralSchema): AnyRecord[] => {
  const list: unknown = schema['x-kubernetes-validations'];
  return Array.isArray(list) ? list.filter(isRecord) : [];
};

/** Compiles the rules of a schema; undefined when there are none. Throws for an expression that cannot be read. */
export const compileRules = (schema: StructuralSchema): RuleNode | undefined => {
  const rules = declaredRules(schema).map(compileRule);
  const properties = new Map<string, RuleNode>();
  for (const name of Object.keys(isRecord(schema['properties']) ? schema['properties'] : {})) {
    const property = propertyOf(schema, name);
    const node = property === undefined ? undefined : compileRules(property);
    if (node !== undefined) properties.set(name, node);
  }
  const [items, values] = [itemsOf(schema), valuesOf(schema)].map((inner) =>
    inner === undefined ? undefined : compileRules(inner),
  );
  if (rules.length === 0 && properties.size === 0 && items === undefined && values === undefined) return undefined;
  return { schema, rules, properties, items, values };
};

const typeName = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  if (isRecord(value)) return 'object';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

const messageOf = (rule: Rule, context: Record<string, unknown>): string => {
  try {
    const made: unknown = rule.messageExpression?.(context);
    if (typeof made === 'string' && made.trim() !== '' && !made.includes('\n') && made.length <= 5 * 1024)
      return made.trim();
  } catch {
    // A message that cannot be made gives way to the one that is written down.
  }
  return rule.message === '' ? `failed rule: ${rule.source}` : rule.message;
};

const prefixOf: Readonly<Partial<Record<FieldReason, string>>> = {
  FieldValueForbidden: 'Forbidden',
  FieldValueRequired: 'Required value',
};

const runRule = (rule: Rule, node: RuleNode, value: unknown, old: unknown, path: string): FieldError[] => {
  if (rule.comparesWithOld && old === undefined && !rule.oldIsOptional) return [];
  const before = old === undefined ? undefined : celValue(old, node.schema);
  const oldSelf = rule.oldIsOptional ? Optional.of(before) : (before ?? null);
  const context = { self: celValue(value, node.schema), oldSelf };
  const field =
    rule.fieldPath === ''
      ? path
      : `${path}${rule.fieldPath.startsWith('[') || path === '' ? '' : '.'}${rule.fieldPath.replace(/^\./, '')}`;
  try {
    if (rule.run(context) === true) return [];
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    return [invalid(path, typeName(value), `${why} evaluating rule: ${rule.source}`)];
  }
  const message = messageOf(rule, context);
  const prefix = prefixOf[rule.reason];
  if (prefix !== undefined) return [{ reason: rule.reason, field, message: `${prefix}: ${message}` }];
  if (rule.reason === 'FieldValueDuplicate')
    return [{ reason: rule.reason, field, message: `Duplicate value: ${JSON.stringify(typeName(value))}` }];
  return [invalid(field, typeName(value), message)];
};

/** The old element that an element of a keyed list was; other lists cannot tell. */
const oldElement = (schema: StructuralSchema, element: unknown, old: unknown): unknown => {
  const keys: unknown = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(keys) || !Array.isArray(old)) return undefined;
  return (old as unknown[]).find((each) =>
    keys.every((key: string) => jsonEquals(ownValue(each, key), ownValue(element, key))),
  );
};

/**
 * The errors of all rules that do not hold. Transition rules run where there is an old value; a rule whose value did
 * not change is passed over, unless it compares with the old one.
 */
export const runRules = (node: RuleNode, value: unknown, old: unknown, path = ''): FieldError[] => {
  if (value === undefined || value === null) return [];
  const isSame = old !== undefined && jsonEquals(value, old);
  const errors = node.rules.flatMap((rule) =>
    isSame && !rule.comparesWithOld ? [] : runRule(rule, node, value, old, path),
  );
  if (Array.isArray(value)) {
    const { items } = node;
    if (items === undefined) return errors;
    const inner = value.flatMap((each, index) =>
      runRules(items, each, oldElement(node.schema, each, old), item(path, index)),
    );
    return [...errors, ...inner];
  }
  if (!isRecord(value)) return errors;
  for (const [name, each] of Object.entries(value)) {
    const property = node.properties.get(name);
    const below = property ?? node.values;
    if (below === undefined) continue;
    errors.push(
      ...runRules(below, each, ownValue(old, name), property === undefined ? keyed(path, name) : child(path, name)),
    );
  }
  return errors;
};

/** Why the rules of a schema cannot be compiled, for the validation of its definition. */
export const ruleErrors = (schema: StructuralSchema, path: string): FieldError[] => {
  const errors = declaredRules(schema).flatMap((declared, index) => {
    const field = `${item(child(path, 'x-kubernetes-validations'), index)}.rule`;
    const source = text(declared['rule']).trim();
    if (source === '')
      return [{ reason: 'FieldValueRequired' as const, field, message: 'Required value: rule is not specified' }];
    try {
      compileRule(declared);
      return [];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return [invalid(field, source, `compilation failed: ERROR: <input>: ${why}`)];
    }
  });
  for (const name of Object.keys(isRecord(schema['properties']) ? schema['properties'] : {})) {
    const property = propertyOf(schema, name);
    if (property !== undefined) errors.push(...ruleErrors(property, keyed(child(path, 'properties'), name)));
  }
  const [items, values] = [itemsOf(schema), valuesOf(schema)];
  if (items !== undefined) errors.push(...ruleErrors(items, child(path, 'items')));
  if (values !== undefined) errors.push(...ruleErrors(values, child(path, 'additionalProperties')));
  return errors;
};
