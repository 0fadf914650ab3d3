import { OutsideError } from '../../outside.js';
import type { Outside } from '../../outside.js';
import type { Lookup } from '../functions/lookups.js';
import { GoError } from '../template/errors.js';
import type { GoMap, Value } from '../template/values.js';
import { int64 } from '../template/values.js';

/** `lookup` over the world outside: what it refuses ends the template that asked. */
export const lookupThrough =
  (lookup: NonNullable<Outside['lookup']>): Lookup =>
  (apiVersion, kind, namespace, name) => {
    try {
      return valueOf(lookup(apiVersion, kind, namespace, name)) as GoMap;
    } catch (error) {
      if (error instanceof OutsideError) throw new GoError(error.message);
      throw error;
    }
  };

/** Objects of a cluster have integers of 64 bits where JSON has whole numbers; values files have floats. */
const valueOf = (data: unknown): Value => {
  if (data === null || data === undefined) return null;
  if (Array.isArray(data)) return data.map(valueOf);
  if (typeof data === 'object') return new Map(Object.entries(data).map(([key, value]) => [key, valueOf(value)]));
  if (typeof data === 'bigint' || (typeof data === 'number' && Number.isSafeInteger(data))) return int64(data);
  return data as string | number | boolean;
};
