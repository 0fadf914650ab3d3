import { isRecord, jsonEquals, ownValue } from '../../../objects/json.js';
import { OptionalValue, type CelValue } from '../cel/values.js';
import { child, invalid, item, keyed, type FieldError } from '../field-errors.js';
import { CALL_COST_LIMIT, type Outcome, type Program } from '../cel/program.js';
import type { CompiledRule, DeclaredRule, RuleNode } from './compiled-rules.js';
import { isKeyedList, oldElement } from './correlation.js';
import { withObjectFields } from './rule-types.js';
import { ruleValue } from './rule-values.js';
import type { StructuralSchema } from './structural-schema.js';

/** What all rules of one object may cost together. */
const OBJECT_COST_LIMIT = 10_000_000;

/** The longest message that an expression may make, in bytes. */
const MESSAGE_LIMIT = 5 * 1024;

/** What an update changed of a value, as far as it can be told. */
interface Ratchet {
  /** The value's own old one, where it can be told which that is. */
  readonly old: unknown;
  readonly isCorrelated: boolean;
  /** Whether the nearest value above that can be compared is what it was. */
  readonly isUnchangedAbove: boolean;
}

/** Ends the validation of an object whose rules cost too much. */
class OutOfBudget extends Error {}

const shownRule = ({ rule, message }: DeclaredRule): string => (message === '' ? rule : message).trim();

/** Runs the rules of one object within one budget. */
class RuleRun {
  readonly errors: FieldError[] = [];
  /** Errors about what an update did not touch. */
  readonly warnings: string[] = [];
  private left = OBJECT_COST_LIMIT;

  run(node: RuleNode, value: unknown, old: unknown, path: string, ratchet: Ratchet): void {
    if (value === null || value === undefined) return;
    this.rulesOf(node, value, old, path, ratchet);
    for (const alternative of node.alternatives) this.rulesOf(alternative, value, old, path, ratchet);
    if (Array.isArray(value)) this.elements(node, value, old, path, ratchet);
    else if (isRecord(value)) this.fields(node, value, old, path, ratchet);
  }

  private elements(node: RuleNode, value: readonly unknown[], old: unknown, path: string, ratchet: Ratchet): void {
    if (node.items === undefined) return;
    for (const [index, each] of value.entries()) {
      const before = oldElement(node.schema, each, old);
      this.run(node.items, each, before, item(path, index), below(ratchet, before, isKeyedList(node.schema), value));
    }
  }

  private fields(
    node: RuleNode,
    value: Readonly<Record<string, unknown>>,
    old: unknown,
    path: string,
    ratchet: Ratchet,
  ): void {
    for (const [name, each] of Object.entries(value)) {
      const property = node.properties.get(name);
      const inner = property ?? node.values;
      if (inner === undefined) continue;
      const before = ownValue(old, name);
      const place = property === undefined ? keyed(path, name) : child(path, name);
      this.run(inner, each, before, place, below(ratchet, before, true, value));
    }
  }

  private rulesOf(node: RuleNode, value: unknown, old: unknown, path: string, ratchet: Ratchet): void {
    for (const why of node.broken)
      this.errors.push(invalid(path, node.schema['type'] ?? '', `rule compile error: ${why}`));
    if (node.rules.length === 0) return;
    const schema = node.isObject ? withObjectFields(node.schema) : node.schema;
    const self = ruleValue(value, schema);
    const before = old === undefined || old === null ? undefined : ruleValue(old, schema);
    for (const rule of node.rules) this.rule(rule, { value, self, before, path, ratchet, schema });
  }

  private rule(rule: CompiledRule, about: RuleSubject): void {
    const isOptional = rule.declared.optionalOldSelf === true;
    if (rule.comparesWithOld && about.before === undefined && !isOptional) return;
    const variables = (name: string): CelValue => {
      if (name === 'self') return about.self;
      if (!isOptional) return about.before;
      return about.before === undefined ? OptionalValue.none : OptionalValue.of(about.before);
    };
    const shown = shownRule(rule.declared);
    const outcome = this.evaluate(rule.program, variables);
    const type: unknown = about.schema['type'] ?? '';
    if (outcome === undefined) {
      const why = 'validation failed due to running out of cost budget, no further validation rules will be run';
      throw this.stop(invalid(about.path, type, why));
    }
    if (!outcome.ok) {
      this.failed(outcome, type, about.path, shown);
      return;
    }
    if (outcome.value === true) return;
    const field = rule.fieldPath === '' ? about.path : joined(about.path, rule.fieldPath);
    const message = this.message(rule, variables, field, type) ?? messageOf(rule.declared);
    const error = errorFor(rule, field, about.value, message);
    if (!rule.comparesWithOld && isForgiven(about.ratchet, about.value))
      this.warnings.push(`${field}: ${error.message}`);
    else this.errors.push(error);
  }

  /** The rule could not be evaluated to the end. */
  private failed(outcome: Outcome & { readonly ok: false }, type: unknown, path: string, shown: string): void {
    if (outcome.error.startsWith('no such overload')) {
      const why = `'${outcome.error}': call arguments did not match a supported operator, function or macro signature for rule: ${shown}`;
      this.errors.push(invalid(path, type, why));
    } else if (outcome.exceeded) {
      const why = `'${outcome.error}': no further validation rules will be run due to call cost exceeds limit for rule: ${shown}`;
      throw this.stop(invalid(path, type, why));
    } else {
      this.errors.push(invalid(path, type, `${outcome.error} evaluating rule: ${shown}`));
    }
  }

  private stop(error: FieldError): OutOfBudget {
    this.errors.push(error);
    return new OutOfBudget();
  }

  /** undefined when the budget is used up. */
  private evaluate(program: Program, variables: (name: string) => CelValue): Outcome | undefined {
    const outcome = program.evaluate(variables, CALL_COST_LIMIT);
    if (outcome.cost > this.left) return undefined;
    this.left -= outcome.cost;
    return outcome;
  }

  private message(
    { messageProgram, declared }: CompiledRule,
    variables: (name: string) => CelValue,
    field: string,
    type: unknown,
  ): string | undefined {
    if (messageProgram === undefined) return undefined;
    const outcome = this.evaluate(messageProgram, variables);
    if (outcome === undefined) {
      const why =
        'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run';
      throw this.stop(invalid(field, type, why));
    }
    if (!outcome.ok && outcome.exceeded) {
      const why = `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(declared.messageExpression)}`;
      throw this.stop(invalid(field, type, why));
    }
    const made = outcome.ok && typeof outcome.value === 'string' ? outcome.value.trim() : '';
    return made === '' || made.includes('\n') || Buffer.byteLength(made) > MESSAGE_LIMIT ? undefined : made;
  }
}

interface RuleSubject {
  readonly value: unknown;
  readonly self: CelValue;
  readonly before: CelValue;
  readonly path: string;
  readonly ratchet: Ratchet;
  readonly schema: StructuralSchema;
}

const joined = (path: string, rest: string): string =>
  `${path}${rest.startsWith('[') || path === '' ? '' : '.'}${rest}`;

const messageOf = (declared: DeclaredRule): string =>
  declared.message === '' ? `failed rule: ${shownRule(declared)}` : declared.message.trim();

const errorFor = ({ reason }: CompiledRule, field: string, value: unknown, message: string): FieldError => {
  const isLarge = typeof value === 'object' && value !== null;
  switch (reason) {
    case 'FieldValueForbidden':
      return { reason, field, message: `Forbidden: ${message}` };
    case 'FieldValueRequired':
      return { reason, field, message: `Required value: ${message}` };
    case 'FieldValueDuplicate':
      return isLarge
        ? { reason, field, message: 'Duplicate value' }
        : { ...invalid(field, value, ''), reason, message: `Duplicate value: ${shownValue(value)}` };
    default:
      return isLarge
        ? { reason: 'FieldValueInvalid', field, message: `Invalid value: ${message}` }
        : invalid(field, value, message);
  }
};

const shownValue = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));

const isForgiven = (ratchet: Ratchet, value: unknown): boolean => {
  if (ratchet.isCorrelated) return ratchet.old !== undefined && jsonEquals(value, ratchet.old);
  return ratchet.isUnchangedAbove;
};

/** The ratchet of a value within another: where it cannot be told which it was, the one above decides. */
const below = (ratchet: Ratchet, old: unknown, isCorrelatable: boolean, above: unknown): Ratchet => {
  if (!ratchet.isCorrelated) return { old: undefined, isCorrelated: false, isUnchangedAbove: ratchet.isUnchangedAbove };
  const isUnchangedAbove = ratchet.old !== undefined && jsonEquals(above, ratchet.old);
  const isCorrelated = isCorrelatable && old !== undefined;
  return { old, isCorrelated, isUnchangedAbove };
};

export interface RuleOptions {
  /** Where the value stands. */
  readonly path?: string;
  /** An update forgives what it left alone; what is forgiven becomes a warning, handed to `warn`. */
  readonly forgives?: boolean;
  readonly warn?: (text: string) => void;
}

/**
 * The errors of all rules that do not hold, worded as Kubernetes words them. Transition rules run where there is an old
 * value.
 */
export const runRules = (
  node: RuleNode,
  value: unknown,
  old: unknown,
  { path = '', forgives = false, warn = () => undefined }: RuleOptions = {},
): FieldError[] => {
  const run = new RuleRun();
  const known = forgives ? old : undefined;
  try {
    run.run(node, value, old, path, { old: known, isCorrelated: known !== undefined, isUnchangedAbove: false });
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
  }
  for (const text of run.warnings) warn(text);
  return run.errors.map((error) => (error.field === '' ? { ...error, field: '<nil>' } : error));
};
