import type { CustomResourceDefinition } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';

export const isDefinition = (object: KubeObject): object is CustomResourceDefinition =>
  object.kind === 'CustomResourceDefinition' && object.apiVersion === 'apiextensions.k8s.io/v1';

/** The versions that objects may be stored in, with the one that they are stored in from now on. */
const storedVersions = ({ spec, status }: CustomResourceDefinition): readonly string[] => {
  const stored = status?.storedVersions ?? [];
  const storage = (spec.versions ?? []).find((version) => version.storage)?.name;
  return storage === undefined || stored.includes(storage) ? stored : [...stored, storage];
};

/** A definition before anybody looked at its names: nothing is said of it yet. */
export const newDefinition = (definition: CustomResourceDefinition): KubeObject => {
  const stored = storedVersions({ ...definition, status: {} });
  const status = { conditions: null, acceptedNames: { plural: '', kind: '' } };
  return { ...definition, status: { ...status, ...(stored.length === 0 ? {} : { storedVersions: stored }) } };
};

/** A changed definition, which remembers its version for storage. */
export const changedDefinition = (definition: CustomResourceDefinition): KubeObject => {
  const stored = storedVersions(definition);
  return stored === definition.status?.storedVersions || stored.length === 0
    ? definition
    : { ...definition, status: { ...definition.status, storedVersions: stored } };
};
