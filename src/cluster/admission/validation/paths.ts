import { invalid, type FieldError } from '../field-errors.js';

/** Rules for paths in containers and volumes. */
export const withoutParent = (field: string, path: string | undefined): FieldError[] =>
  path?.split('/').includes('..') === true ? [invalid(field, path, "must not contain '..'")] : [];

/** A path below a folder. */
export const descending = (field: string, path = ''): FieldError[] => [
  ...(path.startsWith('/') ? [invalid(field, path, 'must be a relative path')] : []),
  ...withoutParent(field, path),
];

/** A path below a volume, whose own bookkeeping starts with two dots. */
export const inVolume = (field: string, path = ''): FieldError[] => [
  ...descending(field, path),
  ...(path.startsWith('..') && !path.startsWith('../') ? [invalid(field, path, "must not start with '..'")] : []),
];

const MAX_MODE = 0o777;

export const fileMode = (field: string, mode: number | undefined): FieldError[] =>
  mode !== undefined && (mode < 0 || mode > MAX_MODE)
    ? [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : [];
