import type { AdmissionRequest } from './admission-plugin.js';

/** True for the creation of a pod itself. */
export const isNewPod = ({ operation, target }: AdmissionRequest): boolean =>
  operation === 'CREATE' &&
  target.resource.group === '' &&
  target.resource.plural === 'pods' &&
  target.subresource === undefined;
