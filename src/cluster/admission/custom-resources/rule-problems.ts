import { CompileError } from '../cel/source.js';
import { child, forbidden, invalid, item, notSupported, required, type FieldError } from '../field-errors.js';
import { compileMessage, compileRule, declaredRules, RULE_REASONS, type DeclaredRule } from './compiled-rules.js';
import type { Position } from './rule-positions.js';
import { declaredType, mostOccurrences, type DeclaredType } from './rule-types.js';
import { normalFieldPath } from './rule-paths.js';
import type { StructuralSchema } from './structural-schema.js';

/** What one rule may cost at most, and all rules of a version together. */
const RULE_LIMIT = 10_000_000;
const SCHEMA_LIMIT = 100_000_000;

/** What the rules of a schema cost together, and which of them most. */
class TotalCost {
  private total = 0;
  private readonly dear: { readonly field: string; readonly cost: number }[] = [];

  add(field: string, cost: number): void {
    this.total += cost;
    if (cost >= SCHEMA_LIMIT / 100) this.dear.push({ field, cost });
  }

  errors(path: string): FieldError[] {
    if (this.total <= SCHEMA_LIMIT) return [];
    const dearest = this.dear.toSorted((a, b) => b.cost - a.cost).slice(0, 4);
    return [
      ...dearest.map(({ field }) =>
        forbidden(field, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'),
      ),
      forbidden(
        path,
        tooDear(
          'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema',
          this.total,
          SCHEMA_LIMIT,
        ),
      ),
    ];
  }
}

const tooDear = (what: string, cost: number, limit: number): string => {
  const factor = cost / limit;
  const shown = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
};

/** A rule as messages show it. */
const shownRule = ({
  rule,
  message,
  messageExpression,
  reason,
  fieldPath,
  optionalOldSelf,
}: DeclaredRule): unknown => ({
  Rule: rule,
  Message: message,
  MessageExpression: messageExpression,
  Reason: reason ?? null,
  FieldPath: fieldPath,
  OptionalOldSelf: optionalOldSelf ?? null,
});

const hasLines = (text: string): boolean => /[\n\r]/.test(text);

/** What is wrong with a rule as it is written, before it is compiled. */
const writtenErrors = (declared: DeclaredRule, schema: StructuralSchema, path: string): FieldError[] => {
  const { rule, message, messageExpression, reason, fieldPath } = declared;
  const errors: FieldError[] = [];
  if (rule.trim() === '') errors.push(required(child(path, 'rule'), 'rule is not specified'));
  else if (message !== '' && message.trim() === '')
    errors.push(invalid(child(path, 'message'), message, 'must be non-empty if specified'));
  else if (hasLines(message.trim()))
    errors.push(invalid(child(path, 'message'), message, 'must not contain line breaks'));
  else if (hasLines(rule.trim()) && message.trim() === '')
    errors.push(required(child(path, 'message'), 'message must be specified if rule contains line breaks'));
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.push(required(child(path, 'messageExpression'), 'messageExpression must be non-empty if specified'));
  if (reason !== undefined && !RULE_REASONS.includes(reason))
    errors.push(notSupported(child(path, 'reason'), reason, RULE_REASONS));
  if (fieldPath === '') return errors;
  const field = child(path, 'fieldPath');
  if (fieldPath.trim() === '') errors.push(invalid(field, fieldPath, 'must be non-empty if specified'));
  if (hasLines(fieldPath)) errors.push(invalid(field, fieldPath, 'must not contain line breaks'));
  if (normalFieldPath(fieldPath, schema) === undefined) errors.push(invalid(field, fieldPath, 'must be a valid path'));
  return errors;
};

/** What is wrong with the rules of a schema as they are written. */
export const writtenRuleErrors = (schema: StructuralSchema, path: string): FieldError[] =>
  declaredRules(schema).flatMap((rule, index) =>
    writtenErrors(rule, schema, item(child(path, 'x-kubernetes-validations'), index)),
  );

const whyOf = (error: unknown, prefix: string): string => {
  if (error instanceof CompileError) return `${prefix}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
};

/** Compiles the rules of a version's schemas, one after the other, and sums up what they may cost. */
export class RuleReview {
  readonly errors: FieldError[] = [];
  private readonly costs = new TotalCost();

  constructor(private readonly limitsRules: boolean) {}

  /** What is wrong with all rules together. */
  totalErrors(path: string): FieldError[] {
    return this.costs.errors(path);
  }

  review(schema: StructuralSchema, path: string, position: Position): void {
    const rules = declaredRules(schema);
    if (rules.length === 0) return;
    const type = declaredType(schema, position.isObject);
    const field = child(path, 'x-kubernetes-validations');
    if (type === undefined) this.errors.push({ reason: 'InternalError', field, message: NO_TYPE });
    else
      rules.forEach((rule, index) => {
        this.compile(rule, schema, type, position, item(field, index));
      });
  }

  private compile(
    declared: DeclaredRule,
    schema: StructuralSchema,
    type: DeclaredType,
    { occurrences, uncorrelated }: Position,
    at: string,
  ): void {
    const field = child(at, 'rule');
    let comparesWithOld: boolean;
    try {
      const { program, cost } = compileRule(declared, schema, type);
      comparesWithOld = program.variables.has('oldSelf');
      this.cost(field, 'estimated rule cost', cost * (occurrences ?? mostOccurrences(type)));
    } catch (error) {
      comparesWithOld = false;
      this.errors.push(invalid(field, shownRule(declared), whyOf(error, 'compilation failed')));
    }
    this.message(declared, type, child(at, 'messageExpression'));
    const { optionalOldSelf, rule } = declared;
    if (comparesWithOld && uncorrelated !== undefined) {
      const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
      this.errors.push(invalid(field, rule, why));
    } else if (!comparesWithOld && optionalOldSelf !== undefined) {
      const why = 'may not be set if oldSelf is not used in rule';
      this.errors.push(invalid(child(at, 'optionalOldSelf'), optionalOldSelf, why));
    }
  }

  private message(declared: DeclaredRule, type: DeclaredType, field: string): void {
    try {
      const message = compileMessage(declared, type);
      if (message !== undefined) this.cost(field, 'estimated messageExpression cost', message.cost);
    } catch (error) {
      this.errors.push(invalid(field, shownRule(declared), whyOf(error, 'messageExpression compilation failed')));
    }
  }

  private cost(field: string, what: string, cost: number): void {
    if (this.limitsRules && cost > RULE_LIMIT) this.errors.push(forbidden(field, tooDear(what, cost, RULE_LIMIT)));
    this.costs.add(field, cost);
  }
}

const NO_TYPE =
  'Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations';
