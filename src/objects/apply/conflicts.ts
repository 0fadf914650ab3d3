import { ApiError } from '../api-error.js';
import { fieldSet, pathsOf, setOfPath, union, emptySet, type FieldSet } from './field-set.js';
import type { Manager } from './managed-fields.js';
import { showPathElement, type PathElement } from './path-element.js';

/** A field that is applied with another value than the one its manager set. */
export interface Conflict {
  readonly manager: Manager;
  readonly path: readonly PathElement[];
}

export const conflictsOf = (manager: Manager, fields: FieldSet): Conflict[] =>
  pathsOf(fieldSet(false, fields.children)).map((path) => ({ manager, path }));

export const setOfConflicts = (conflicts: readonly Conflict[]): FieldSet =>
  conflicts.reduce((set, { path }) => union(set, setOfPath(path)), emptySet);

const showPath = (path: readonly PathElement[]): string => path.map(showPathElement).join('');

const showManager = ({ manager, operation, apiVersion, subresource }: Manager): string => {
  const name = `${JSON.stringify(manager)}${subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
};

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const messageOf = (conflicts: readonly Conflict[]): string => {
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${showManager(first.manager)}: ${showPath(first.path)}`;
  }
  const names = [...new Set(conflicts.map(({ manager }) => showManager(manager)))].sort(compareText);
  const lines = names.flatMap((name) => [
    `conflicts with ${name}:`,
    ...conflicts.filter(({ manager }) => showManager(manager) === name).map(({ path }) => `- ${showPath(path)}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
};

/** The answer to an apply that is not forced: 409, one cause a field. */
export const conflictError = (conflicts: readonly Conflict[]): ApiError =>
  new ApiError('Conflict', messageOf(conflicts), {
    causes: conflicts.map(({ manager, path }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${showManager(manager)}`,
      field: showPath(path),
    })),
  });
