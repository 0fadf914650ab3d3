import { isRecord } from '../../objects/json.js';
import type { KubeObject } from '../../objects/object.js';

/**
 * Fields of features that are off in Kubernetes 1.35: what asks for them is passed over, unless the object has them
 * from before. By kind, the names on the way.
 */
const DISABLED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'apps/v1/StatefulSet': [['spec', 'updateStrategy', 'rollingUpdate', 'maxUnavailable']],
};

const without = (value: unknown, [name = '', ...rest]: readonly string[]): unknown => {
  if (!isRecord(value) || value[name] === undefined) return value;
  if (rest.length > 0) return { ...value, [name]: without(value[name], rest) };
  const { [name]: _dropped, ...others } = value;
  return others;
};

const has = (value: unknown, names: readonly string[]): boolean => {
  let at = value;
  for (const name of names) at = isRecord(at) ? at[name] : undefined;
  return at !== undefined && at !== null;
};

/** The object as far as features that are on go. `old` is what it was, undefined for a new one. */
export const withoutDisabledFields = (object: KubeObject, old?: KubeObject): KubeObject => {
  const paths = DISABLED[`${object.apiVersion}/${object.kind}`];
  if (paths === undefined) return object;
  return paths
    .filter((names) => has(object, names) && !has(old, names))
    .reduce<unknown>((kept, names) => without(kept, names), object) as KubeObject;
};
