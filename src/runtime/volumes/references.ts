import type { Pod } from '../../objects/kinds/core-v1.js';

/** The ConfigMaps and Secrets that a pod's volumes are made from, as `configMap/<namespace>/<name>`. */
export const referencesOf = (pod: Pod): ReadonlySet<string> => {
  const namespace = pod.metadata.namespace ?? 'default';
  const found = new Set<string>();
  const add = (type: 'configMap' | 'secret', name: string | undefined): void => {
    if (name !== undefined) found.add(`${type}/${namespace}/${name}`);
  };
  for (const volume of pod.spec.volumes ?? []) {
    add('configMap', volume.configMap?.name);
    add('secret', volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      add('configMap', source.configMap?.name);
      add('secret', source.secret?.name);
    }
  }
  return found;
};
