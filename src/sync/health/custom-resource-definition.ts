import type { KubeObject } from '../../objects/object.js';
import { statusConditions, trueCondition } from './conditions.js';
import type { Health } from './health.js';

export const customResourceDefinitionHealth = (object: KubeObject): Health => {
  if (trueCondition(object, 'Terminating') !== undefined) {
    return { status: 'Progressing', message: 'The definition is being removed' };
  }
  const refused = statusConditions(object).find(({ type, status }) => type === 'NamesAccepted' && status === 'False');
  if (refused !== undefined) return { status: 'Degraded', message: refused.message ?? 'The names are not accepted' };
  return trueCondition(object, 'Established') === undefined
    ? { status: 'Progressing', message: 'Waiting to be established' }
    : { status: 'Healthy' };
};
