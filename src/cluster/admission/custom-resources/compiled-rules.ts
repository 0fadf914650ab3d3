import { isRecord, type AnyRecord } from '../../../objects/json.js';
import type { Environment } from '../cel/environment.js';
import { CompileError } from '../cel/source.js';
import { compileExpression, environmentOf, type Program } from '../cel/program.js';
import { optionalOf } from '../cel/types.js';
import type { FieldReason } from '../field-errors.js';
import { declaredType, sizesWithin, type DeclaredType } from './rule-types.js';
import { normalFieldPath } from './rule-paths.js';
import type { StructuralSchema } from './structural-schema.js';

/** One of `x-kubernetes-validations`. */
export interface DeclaredRule {
  readonly rule: string;
  readonly message: string;
  readonly messageExpression: string;
  readonly reason: string | undefined;
  readonly fieldPath: string;
  readonly optionalOldSelf: boolean | undefined;
}

/** A rule that compiled. */
export interface CompiledRule {
  readonly declared: DeclaredRule;
  readonly program: Program;
  readonly messageProgram: Program | undefined;
  readonly reason: FieldReason;
  readonly fieldPath: string;
  /** What it compares with the value before. */
  readonly comparesWithOld: boolean;
  /** The most that it may cost. */
  readonly cost: number;
  readonly messageCost: number;
}

export const RULE_REASONS: readonly string[] = [
  'FieldValueDuplicate',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueRequired',
];

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export const declaredRules = (schema: StructuralSchema): DeclaredRule[] => {
  const list: unknown = schema['x-kubernetes-validations'];
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).map((each: AnyRecord) => ({
    rule: text(each['rule']),
    message: text(each['message']),
    messageExpression: text(each['messageExpression']),
    reason: typeof each['reason'] === 'string' ? each['reason'] : undefined,
    fieldPath: text(each['fieldPath']),
    optionalOldSelf: typeof each['optionalOldSelf'] === 'boolean' ? each['optionalOldSelf'] : undefined,
  }));
};

/** What the rules of one schema may name. */
export const ruleEnvironment = (declared: DeclaredType, optionalOld: boolean): Environment =>
  environmentOf(
    new Map([
      ['self', declared.type],
      ['oldSelf', optionalOld ? optionalOf(declared.type) : declared.type],
    ]),
  );

/** Compiles one rule. Throws a CompileError, and an Error for an expression of the wrong type. */
export const compileRule = (
  declared: DeclaredRule,
  schema: StructuralSchema,
  type: DeclaredType,
): { readonly program: Program; readonly cost: number; readonly fieldPath: string } => {
  const program = compileExpression(declared.rule, ruleEnvironment(type, declared.optionalOldSelf === true));
  if (program.type.kind !== 'bool') throw new Error('cel expression must evaluate to a bool');
  return {
    program,
    cost: program.estimate(sizesWithin(type)).max,
    fieldPath: declared.fieldPath === '' ? '' : (normalFieldPath(declared.fieldPath, schema) ?? ''),
  };
};

/** Compiles the expression that makes a rule's message; undefined where there is none. Throws as `compileRule`. */
export const compileMessage = (
  { messageExpression, optionalOldSelf }: DeclaredRule,
  type: DeclaredType,
): { readonly program: Program; readonly cost: number } | undefined => {
  if (messageExpression === '') return undefined;
  const program = compileExpression(messageExpression, ruleEnvironment(type, optionalOldSelf === true));
  if (program.type.kind !== 'string') throw new Error('messageExpression must evaluate to a string');
  return { program, cost: program.estimate(sizesWithin(type)).max };
};

/** The rules of a schema and of all below it. */
export interface RuleNode {
  readonly schema: StructuralSchema;
  readonly isObject: boolean;
  readonly rules: readonly CompiledRule[];
  /** Rules that could not be compiled: stored by a server that understood them. */
  readonly broken: readonly string[];
  readonly alternatives: readonly RuleNode[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly items: RuleNode | undefined;
  readonly values: RuleNode | undefined;
}

const compileAll = (
  schema: StructuralSchema,
  type: DeclaredType | undefined,
): { rules: CompiledRule[]; broken: string[] } => {
  const rules: CompiledRule[] = [];
  const broken: string[] = [];
  for (const declared of declaredRules(schema)) {
    if (declared.rule.trim() === '' || type === undefined) continue;
    try {
      const { program, cost, fieldPath } = compileRule(declared, schema, type);
      const message = compileMessage(declared, type);
      rules.push({
        declared,
        program,
        messageProgram: message?.program,
        reason: RULE_REASONS.includes(declared.reason ?? '') ? (declared.reason as FieldReason) : 'FieldValueInvalid',
        fieldPath,
        comparesWithOld: program.variables.has('oldSelf'),
        cost,
        messageCost: message?.cost ?? 0,
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      broken.push(error instanceof CompileError ? `compilation failed: ${why}` : why);
    }
  }
  return { rules, broken };
};

const below = (inner: unknown): RuleNode | undefined => (isRecord(inner) ? compileRules(inner) : undefined);

/** Compiles the rules of a schema; undefined when there are none, here or below. */
export const compileRules = (
  schema: StructuralSchema,
  isObject = false,
  inherited?: DeclaredType,
): RuleNode | undefined => {
  const embedded = isObject || schema['x-kubernetes-embedded-resource'] === true;
  const hasRules = declaredRules(schema).length > 0;
  const type = hasRules ? (inherited ?? declaredType(schema, embedded)) : undefined;
  const compiled = hasRules ? compileAll(schema, type) : { rules: [], broken: [] };
  const properties = new Map<string, RuleNode>();
  for (const [name, property] of Object.entries(isRecord(schema['properties']) ? schema['properties'] : {})) {
    const node = below(property);
    if (node !== undefined) properties.set(name, node);
  }
  const items = below(schema['items']);
  const values = below(schema['additionalProperties']);
  const alternatives = alternativesOf(schema, embedded);
  const isEmpty = compiled.rules.length + compiled.broken.length + properties.size + alternatives.length === 0;
  if (isEmpty && items === undefined && values === undefined) return undefined;
  return { schema, isObject: embedded, ...compiled, alternatives, properties, items, values };
};

/** Rules within `allOf`: about the same value, so they know its type. */
const alternativesOf = (schema: StructuralSchema, embedded: boolean): RuleNode[] => {
  const all: unknown = schema['allOf'];
  if (!Array.isArray(all)) return [];
  return all.filter(isRecord).flatMap((part: AnyRecord) => {
    if (declaredRules(part).length === 0) return [];
    const { allOf: _allOf, ...rest } = schema;
    const node = compileRules(
      {
        ...rest,
        'x-kubernetes-validations': part['x-kubernetes-validations'],
        properties: undefined,
        items: undefined,
      },
      embedded,
      declaredType(schema, embedded),
    );
    return node === undefined ? [] : [node];
  });
};
