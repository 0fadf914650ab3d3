import { isRecord } from '../../../objects/json.js';
import { CompileError } from '../cel/source.js';
import { child, forbidden, invalid, item, notSupported, required, type FieldError } from '../field-errors.js';
import { compileMessage, compileRule, declaredRules, RULE_REASONS, type DeclaredRule } from './compiled-rules.js';
import { declaredType, mostOccurrences, type DeclaredType } from './rule-types.js';
import { normalFieldPath, schemasBelow } from './rule-paths.js';
import type { StructuralSchema } from './structural-schema.js';

/** What one rule may cost at most, and all rules of a version together. */
const RULE_LIMIT = 10_000_000;
const SCHEMA_LIMIT = 100_000_000;

/** What the rules of a schema cost together, and which of them most. */
export class TotalCost {
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

const whyOf = (error: unknown, prefix: string): string => {
  if (error instanceof CompileError) return `${prefix}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
};

/** Where one looks at a schema: how often its values can occur, and whether their old ones can be told. */
interface Position {
  readonly path: string;
  readonly isObject: boolean;
  /** undefined where nothing limits it. */
  readonly occurrences: number | undefined;
  /** The list above whose elements have no keys. */
  readonly uncorrelated: string | undefined;
}

class RuleReview {
  readonly errors: FieldError[] = [];
  readonly costs = new TotalCost();

  constructor(private readonly limitsRules: boolean) {}

  /** Returns false when something is wrong here or below, so that rules above are not compiled. */
  review(schema: StructuralSchema, position: Position): boolean {
    const { path } = position;
    let isSound = true;
    for (const inner of schemasBelow(schema))
      if (!this.review(inner.schema, positionBelow(schema, inner, position))) isSound = false;
    const rules = declaredRules(schema);
    const written = rules.flatMap((rule, index) =>
      writtenErrors(rule, schema, item(child(path, 'x-kubernetes-validations'), index)),
    );
    this.errors.push(...written);
    if (written.length > 0) isSound = false;
    const type = isSound && rules.length > 0 ? declaredType(schema, position.isObject) : undefined;
    if (type !== undefined) rules.forEach((rule, index) => this.compile(rule, schema, type, position, index));
    return isSound;
  }

  private compile(
    declared: DeclaredRule,
    schema: StructuralSchema,
    type: DeclaredType,
    { path, occurrences, uncorrelated }: Position,
    index: number,
  ): void {
    const at = item(child(path, 'x-kubernetes-validations'), index);
    const field = child(at, 'rule');
    try {
      const { program, cost } = compileRule(declared, schema, type);
      this.cost(field, 'estimated rule cost', cost * (occurrences ?? mostOccurrences(type)));
      if (!program.variables.has('oldSelf')) {
        if (declared.optionalOldSelf !== undefined)
          this.errors.push(
            invalid(
              child(at, 'optionalOldSelf'),
              declared.optionalOldSelf,
              'may not be set if oldSelf is not used in rule',
            ),
          );
      } else if (uncorrelated !== undefined) {
        const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
        this.errors.push(invalid(field, declared.rule, why));
      }
    } catch (error) {
      this.errors.push(invalid(field, shownRule(declared), whyOf(error, 'compilation failed')));
      return;
    }
    try {
      const message = compileMessage(declared, type);
      if (message !== undefined)
        this.cost(child(at, 'messageExpression'), 'estimated messageExpression cost', message.cost);
    } catch (error) {
      const why = whyOf(error, 'messageExpression compilation failed');
      this.errors.push(invalid(child(at, 'messageExpression'), shownRule(declared), why));
    }
  }

  private cost(field: string, what: string, cost: number): void {
    if (this.limitsRules && cost > RULE_LIMIT) this.errors.push(forbidden(field, tooDear(what, cost, RULE_LIMIT)));
    this.costs.add(field, cost);
  }
}

const positionBelow = (
  schema: StructuralSchema,
  inner: { readonly path: string; readonly schema: StructuralSchema },
  { path, occurrences, uncorrelated }: Position,
): Position => {
  const most = mostBelow(schema);
  const isUnkeyedList = inner.path === 'items' && schema['x-kubernetes-list-type'] !== 'map';
  return {
    path: child(path, inner.path),
    isObject: inner.schema['x-kubernetes-embedded-resource'] === true,
    occurrences: occurrences === undefined || most === undefined ? undefined : occurrences * most,
    uncorrelated: uncorrelated ?? (isUnkeyedList ? path : undefined),
  };
};

/** How many values of a schema below one there can be for each of its own; undefined where nothing limits it. */
const mostBelow = (schema: StructuralSchema): number | undefined => {
  const limit = (name: string): number | undefined => {
    const value: unknown = schema[name];
    return typeof value === 'number' ? Math.max(value, 0) : undefined;
  };
  if (schema['type'] === 'array') return limit('maxItems');
  return schema['type'] === 'object' && isRecord(schema['additionalProperties']) ? limit('maxProperties') : 1;
};

/**
 * What is wrong with the rules of a version's schema: written wrongly, not to be compiled, or too dear. Rules of a
 * schema that an update leaves alone may cost what they cost: `limitsRules` is false then.
 */
export const ruleProblems = (schema: StructuralSchema, path: string, limitsRules = true): FieldError[] => {
  const review = new RuleReview(limitsRules);
  review.review(schema, { path, isObject: true, occurrences: 1, uncorrelated: undefined });
  return [...review.errors, ...(limitsRules ? review.costs.errors(path) : [])];
};
