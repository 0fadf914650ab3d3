import type { Client } from '../../cluster/client/client.js';
import { isApiError } from '../../objects/api-error.js';
import type { Clock } from '../../objects/clock.js';
import { Namespace } from '../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../objects/object.js';
import { FIELD_MANAGER } from '../compare/compare.js';
import { AppProject, Application, APPLICATION_NAMESPACES } from './application.js';
import { APPLICATION_CRDS, DEFAULT_PROJECT } from './crds.js';

/** How often to look whether a new kind is served. */
const ESTABLISH_POLL_MS = 50;
const ESTABLISH_TRIES = 600;

/** Makes what the operator works with: its kinds, its namespaces and the project `default`. What is there stays. */
export const bootstrapOperator = async (client: Client, clock: Clock, signal: AbortSignal): Promise<void> => {
  for (const crd of APPLICATION_CRDS) await client.apply(crd, { fieldManager: FIELD_MANAGER, force: true });
  for (const name of APPLICATION_NAMESPACES) {
    if ((await client.get(Namespace, { name })) !== undefined) continue;
    await createUnlessThere(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });
  }
  await untilServed(client, clock, signal);
  for (const namespace of APPLICATION_NAMESPACES) {
    if ((await client.get(AppProject, { namespace, name: 'default' })) !== undefined) continue;
    await createUnlessThere(client, { ...DEFAULT_PROJECT, metadata: { name: 'default', namespace } });
  }
};

const createUnlessThere = async (client: Client, object: KubeObject): Promise<void> => {
  try {
    await client.create(object, { fieldManager: FIELD_MANAGER });
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error;
  }
};

const untilServed = async (client: Client, clock: Clock, signal: AbortSignal): Promise<void> => {
  for (let tries = 0; tries < ESTABLISH_TRIES; tries++) {
    try {
      await client.list(Application, { limit: 1 });
      await client.list(AppProject, { limit: 1 });
      return;
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
    await clock.sleep(ESTABLISH_POLL_MS, signal);
  }
  throw new Error('The cluster does not serve Applications although their definition is there');
};
