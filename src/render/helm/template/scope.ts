import type { FunctionTable } from './execution.js';

/** What is known at one place of a template while it is compiled. */
export interface Scope {
  /** Name of the template, for error texts. */
  readonly template: string;
  readonly functions: FunctionTable;
  /** The variables in reach: the last of a name wins; the index is the slot in the frame. */
  readonly variables: { readonly name: string; readonly isRanged: boolean }[];
  /** The most variables that are ever in reach at once. */
  slots: number;
}

export const newScope = (template: string, functions: FunctionTable): Scope => ({
  template,
  functions,
  variables: [{ name: '$', isRanged: false }],
  slots: 1,
});

export const slotOf = (scope: Scope, name: string): number | undefined => {
  const slot = scope.variables.findLastIndex((variable) => variable.name === name);
  return slot < 0 ? undefined : slot;
};

export const declare = (scope: Scope, name: string, isRanged: boolean): number => {
  scope.variables.push({ name, isRanged });
  scope.slots = Math.max(scope.slots, scope.variables.length);
  return scope.variables.length - 1;
};
