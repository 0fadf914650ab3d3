import type { Environment } from './environment.js';
import { compileExpression, type Program } from './program.js';
import { requestEnvironment, type RequestVariables } from './request-types.js';
import { CompileError, ProgramError } from './source.js';
import { DYN, showType, type CelType } from './types.js';

/** An expression that came to nothing: it cannot be compiled, or is of the wrong type. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';

  /** `isInternal` for what is of good form and type, but cannot be run. */
  constructor(
    message: string,
    readonly isInternal = false,
  ) {
    super(message);
  }
}

/** Compiles an expression that must be of one of these types. Throws an ExpressionError. */
export const compileTyped = (source: string, environment: Environment, kinds: readonly string[]): Program => {
  let program: Program;
  try {
    program = compileExpression(source, environment);
  } catch (error) {
    if (error instanceof CompileError) throw new ExpressionError(`compilation failed: ${error.message}`);
    if (error instanceof ProgramError) throw new ExpressionError(error.message, true);
    throw error;
  }
  if (kinds.includes(program.type.kind)) return program;
  const [only] = kinds;
  const expected = kinds.length === 1 ? (only ?? '') : `one of [${kinds.map(shownKind).join(' ')}]`;
  throw new ExpressionError(`must evaluate to ${expected} but got ${showType(program.type)}`);
};

const shownKind = (kind: string): string => (kind === 'null' ? 'null_type' : kind);

/** The texts of a policy or a webhook that are expressions, each with what it must give. */
export interface PolicyExpressions {
  readonly variables: readonly { readonly name: string; readonly program: Program }[];
  readonly matchConditions: readonly { readonly name: string; readonly program: Program }[];
  readonly validations: readonly { readonly program: Program; readonly message: Program | undefined }[];
  readonly auditAnnotations: readonly { readonly key: string; readonly program: Program }[];
}

interface Declared {
  readonly paramKind?: unknown;
  readonly variables?: readonly { readonly name?: string; readonly expression?: string }[];
  readonly matchConditions?: readonly { readonly name?: string; readonly expression?: string }[];
  readonly validations?: readonly { readonly expression?: string; readonly messageExpression?: string }[];
  readonly auditAnnotations?: readonly { readonly key?: string; readonly valueExpression?: string }[];
}

/** Told where an expression is and why it cannot be used. */
export type Refuse = (path: string, source: string, error: ExpressionError) => void;

const ANY = [
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'timestamp',
  'duration',
  'list',
  'map',
  'null',
  'type',
  'object',
  'opaque',
  'dyn',
];

/** Compiles match conditions, as webhooks have them too. */
export const compileConditions = (
  conditions: Declared['matchConditions'],
  variables: RequestVariables,
  refuse: Refuse,
): PolicyExpressions['matchConditions'] =>
  (conditions ?? []).flatMap(({ name = '', expression = '' }, index) => {
    const path = `matchConditions[${index}].expression`;
    const program = attempt(path, expression.trim(), variables, ['bool'], refuse);
    return program === undefined ? [] : [{ name, program }];
  });

const attempt = (
  path: string,
  source: string,
  variables: RequestVariables,
  kinds: readonly string[],
  refuse: Refuse,
): Program | undefined => {
  if (source.trim() === '') return undefined;
  try {
    return compileTyped(source, requestEnvironment(variables), kinds);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    refuse(path, source, error);
    return undefined;
  }
};

/** Compiles all expressions of a policy; those that cannot be are told to `refuse` and left out. */
export const compilePolicy = (spec: Declared, refuse: Refuse): PolicyExpressions => {
  const composed = new Map<string, CelType>();
  // Without variables nothing has that name.
  const isComposed = (spec.variables ?? []).length > 0;
  const base = { hasParams: spec.paramKind !== undefined, ...(isComposed ? { composed } : {}) };
  const full = { ...base, hasAuthorizer: true };
  const quiet = { ...base, hasAuthorizer: false };
  const matchConditions = compileConditions(
    spec.matchConditions,
    { hasParams: base.hasParams, hasAuthorizer: true },
    refuse,
  );
  const variables = (spec.variables ?? []).flatMap(({ name = '', expression = '' }, index) => {
    const program = attempt(`variables[${index}].expression`, expression, full, ANY, refuse);
    composed.set(name, program?.type ?? DYN);
    if (program === undefined) return [];
    return [{ name, program }];
  });
  const validations = (spec.validations ?? []).flatMap(({ expression = '', messageExpression = '' }, index) => {
    const path = `validations[${index}]`;
    const program = attempt(`${path}.expression`, expression, full, ['bool'], refuse);
    const message = attempt(`${path}.messageExpression`, messageExpression, quiet, ['string'], refuse);
    return program === undefined ? [] : [{ program, message }];
  });
  const auditAnnotations = (spec.auditAnnotations ?? []).flatMap(({ key = '', valueExpression = '' }, index) => {
    const path = `auditAnnotations[${index}].valueExpression`;
    const program = attempt(path, valueExpression.trim(), full, ['string', 'null'], (at, _trimmed, error) =>
      refuse(at, valueExpression, error),
    );
    return program === undefined ? [] : [{ key, program }];
  });
  return { variables, matchConditions, validations, auditAnnotations };
};
