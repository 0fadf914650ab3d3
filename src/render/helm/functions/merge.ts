import { type GoMap, sliceItems, type Value } from '../template/values.js';
import { isEmpty } from './cast.js';

const isNil = (value: Value): boolean => value === null || value === undefined;

/**
 * dario.cat/mergo on maps. Without `overwrite` only what is missing or empty in the target is filled in (so that
 * `false` and `0` give way); with it everything but maps is replaced. Nested maps of the target change in place.
 */
export const mergeMaps = (target: GoMap, source: ReadonlyMap<string, Value>, overwrite: boolean): void => {
  for (const [key, from] of source) {
    const has = target.has(key);
    const to = target.get(key);
    if (isNil(from)) {
      if (overwrite) target.set(key, from);
      continue;
    }
    if (from instanceof Map && to instanceof Map) {
      if (from !== to) mergeMaps(to, from, overwrite);
    } else if (sliceItems(from) !== undefined && overwrite && has) {
      target.set(key, from);
    }
    const isKept = !isEmpty(to) && (sliceItems(from) !== undefined || (from instanceof Map && to instanceof Map));
    if (isKept) continue;
    if (overwrite || !has || isEmpty(to)) target.set(key, from);
  }
};
