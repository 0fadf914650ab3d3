import type { KubeObject } from '../../objects/object.js';
import { statusConditions } from './conditions.js';
import type { Health } from './health.js';

export const apiServiceHealth = (object: KubeObject): Health => {
  const available = statusConditions(object).find(({ type }) => type === 'Available');
  if (available === undefined) return { status: 'Progressing', message: 'Waiting to be processed' };
  const message = `${available.reason ?? ''}: ${available.message ?? ''}`;
  return { status: available.status === 'True' ? 'Healthy' : 'Progressing', message };
};
