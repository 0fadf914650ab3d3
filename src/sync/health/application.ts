import type { KubeObject } from '../../objects/object.js';
import type { Application } from '../applications/application.js';
import type { Health } from './health.js';

/** A child application counts with its own health; one that was not looked at yet is on its way. */
export const applicationHealth = (object: KubeObject): Health => {
  const health = (object as Application).status?.health;
  if (health === undefined) return { status: 'Progressing', message: 'Waiting for the application to be reconciled' };
  return health.message === undefined ? { status: health.status } : { status: health.status, message: health.message };
};
