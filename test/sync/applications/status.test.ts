import assert from 'node:assert/strict';
import type { Client, Patch } from '../../../src/cluster/client/client.js';
import { ApiError } from '../../../src/objects/api-error.js';
import type { Application, Operation, OperationState } from '../../../src/sync/applications/application.js';
import type { ApplicationMemory } from '../../../src/sync/applications/application-memory.js';
import { writeApplication } from '../../../src/sync/applications/status.js';

interface Body {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly status?: Application['status'];
  readonly operation?: null;
}

/** A cluster of one application: takes merge patches as far as the operator sends them, with their precondition. */
const holding = (application: Application) => {
  const cluster = { application, writes: 0, beforeWrite: (): void => undefined };
  const touch = (change: Partial<Application>): Application => {
    const resourceVersion = String(Number(cluster.application.metadata.resourceVersion) + 1);
    cluster.application = {
      ...cluster.application,
      ...change,
      metadata: { ...cluster.application.metadata, resourceVersion },
    };
    return cluster.application;
  };
  const client = {
    get: async () => cluster.application,
    patch: async (_kind: unknown, _key: unknown, patch: Patch) => {
      cluster.beforeWrite();
      cluster.writes += 1;
      const { metadata, status, operation } = patch.body as Body;
      const wanted = metadata?.resourceVersion;
      if (wanted !== undefined && wanted !== cluster.application.metadata.resourceVersion) {
        throw new ApiError('Conflict', 'the object has been modified');
      }
      const { operation: before, ...others } = cluster.application;
      const rest = operation === null || before === undefined ? others : { ...others, operation: before };
      cluster.application = rest;
      return touch({ status: { ...rest.status, ...status } });
    },
  } as unknown as Client;
  return { cluster, client, touch };
};

describe('writeApplication', () => {
  const first: Operation = { sync: { revision: 'r1' } };
  const second: Operation = { sync: { revision: 'r2' } };
  const ended: OperationState = { operation: first, phase: 'Succeeded', startedAt: 's', finishedAt: 'f' };
  const application: Application = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'shop', namespace: 'argocd', uid: 'u', resourceVersion: '5' },
    spec: { project: 'default', destination: {} },
    operation: first,
  };
  const end = async (client: Client, memory: Partial<ApplicationMemory> = {}): Promise<Application | undefined> => {
    const written = memory as ApplicationMemory;
    await writeApplication({ application, findings: [], operationState: ended, clearOperation: true }, {}, written, {
      client,
    });
    return written.written;
  };

  it('takes the operation away that ended', async () => {
    const { cluster, client } = holding(application);
    const written = await end(client);
    assert.equal(cluster.application.operation, undefined);
    assert.deepEqual(cluster.application.status?.operationState, ended);
    assert.equal(written, cluster.application);
    assert.equal(cluster.writes, 1);
  });

  it('keeps an operation that somebody requested while it ended', async () => {
    const { cluster, client, touch } = holding(application);
    cluster.beforeWrite = () => {
      cluster.beforeWrite = () => undefined;
      touch({ operation: second });
    };
    const written = await end(client);
    assert.deepEqual(cluster.application.operation, second);
    assert.deepEqual(cluster.application.status?.operationState, ended);
    assert.deepEqual(written?.operation, second, 'it is what the next reconcile starts');
  });

  it('keeps it when the answer to an earlier write has shown it', async () => {
    const { cluster, client, touch } = holding(application);
    await end(client, { written: touch({ operation: second }) });
    assert.deepEqual(cluster.application.operation, second);
  });

  it('writes again when something else was changed meanwhile', async () => {
    const { cluster, client, touch } = holding(application);
    cluster.beforeWrite = () => {
      cluster.beforeWrite = () => undefined;
      touch({});
    };
    await end(client);
    assert.equal(cluster.application.operation, undefined);
    assert.equal(cluster.writes, 2);
  });

  it('gives up when every write meets another', async () => {
    const { cluster, client, touch } = holding(application);
    cluster.beforeWrite = () => {
      touch({});
    };
    await assert.rejects(end(client), { reason: 'Conflict' });
    assert.ok(cluster.writes < 20);
  });
});
