import { kindName, typeName } from '../template/values.js';
import { deepEqual } from './deep-equal.js';
import { type Family, fn } from './define.js';

/** Sprig's questions about types. */
export const reflection: Family = {
  typeOf: fn(['any'], typeName),
  typeIs: fn(['string', 'any'], (type, value) => type === typeName(value)),
  typeIsLike: fn(['string', 'any'], (type, value) => type === typeName(value) || `*${type}` === typeName(value)),
  kindOf: fn(['any'], kindName),
  kindIs: fn(['string', 'any'], (kind, value) => kind === kindName(value)),
  deepEqual: fn(['any', 'any'], deepEqual),
};
