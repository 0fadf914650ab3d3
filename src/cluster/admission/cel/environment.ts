import { readType, splitTypes, type CelType } from './types.js';
import type { CelValue } from './values.js';

/** One signature of a function. */
export interface Overload {
  readonly id: string;
  readonly isMember: boolean;
  /** The target of a member first. */
  readonly params: readonly CelType[];
  readonly result: CelType;
  readonly run: (...args: never[]) => CelValue;
}

export type Functions = ReadonlyMap<string, readonly Overload[]>;

const SIGNATURE = /^([^\s]+) (?:(.+)\.)?\(([^]*)\) -> (.+)$/;

/**
 * Reads the overloads of one function, each declared as `id target.(argument, ...) -> result`, the target only for what
 * is called on something.
 */
export const overloads = (declared: Readonly<Record<string, (...args: never[]) => CelValue>>): readonly Overload[] =>
  Object.entries(declared).map(([signature, run]) => {
    const [, id = '', target, args = '', result = ''] = SIGNATURE.exec(signature) ?? [];
    if (id === '') throw new Error(`no signature: ${signature}`);
    const params = [...(target === undefined ? [] : [target]), ...splitTypes(args)].map(readType);
    return { id, isMember: target !== undefined, params, result: readType(result), run };
  });

/** A library: functions by name. */
export type Library = Readonly<Record<string, Readonly<Record<string, (...args: never[]) => CelValue>>>>;

/** Puts libraries together; where two declare a function, it has the overloads of both. */
export const functionsOf = (libraries: readonly Library[]): Functions => {
  const functions = new Map<string, readonly Overload[]>();
  for (const library of libraries)
    for (const [name, declared] of Object.entries(library))
      functions.set(name, [...(functions.get(name) ?? []), ...overloads(declared)]);
  return functions;
};

/** What an expression may use. */
export interface Environment {
  readonly functions: Functions;
  readonly variables: ReadonlyMap<string, CelType>;
}
