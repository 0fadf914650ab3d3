import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { AdmissionRequest } from './admission-plugin.js';

/** True for the creation of a pod itself. */
export const isNewPod = ({ operation, target }: AdmissionRequest): boolean =>
  operation === 'CREATE' &&
  target.resource.group === '' &&
  target.resource.plural === 'pods' &&
  target.subresource === undefined;

/** True for a change of a pod itself, not of one of its subresources. */
export const isChangedPod = ({ operation, target }: AdmissionRequest): boolean =>
  operation === 'UPDATE' &&
  target.resource.group === '' &&
  target.resource.plural === 'pods' &&
  target.subresource === undefined;

/** The containers of a pod that is not validated yet: it may have none at all. */
export const containersOf = ({ spec }: Pod): Pod['spec']['containers'] =>
  (spec as { containers?: Pod['spec']['containers'] }).containers ?? [];

/** How refusals call an object that may not have its name yet. */
export const refusedName = (object: KubeObject | undefined): string => {
  const { name, generateName = '' } = (object?.metadata ?? {}) as { name?: string; generateName?: string };
  return (name ?? '') === '' ? generateName : (name as string);
};
