import assert from 'node:assert/strict';
import type { Client } from '../../src/cluster/client/client.js';
import type { Application } from '../../src/sync/applications/application.js';
import { maintainOperator, usedManifests, usedRepositories } from '../../src/sync/maintenance.js';
import type { MaintenanceParts } from '../../src/sync/maintenance.js';

const application = (more: Partial<Application>): Application => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'a', namespace: 'argocd' },
  spec: { project: 'default', destination: {} },
  ...more,
});
const spec = (...urls: readonly string[]): Partial<Application> => ({
  spec: { project: 'default', destination: {}, sources: urls.map((repoURL) => ({ repoURL, path: '.' })) },
});

describe('usedRepositories', () => {
  it('names every source of every application once, and what is being synced from', () => {
    const applications = [
      application(spec('https://host/a.git', 'https://host/b')),
      application({
        ...spec('https://HOST/a'),
        operation: { sync: { source: { repoURL: 'https://host/c' } } },
        status: {
          operationState: {
            operation: { sync: { sources: [{ repoURL: 'https://host/d' }] } },
            phase: 'Running',
            startedAt: 't',
            syncResult: { revision: 'r', source: { repoURL: 'https://host/e' } },
          },
        },
      }),
    ];
    const expected = ['a', 'b', 'c', 'd', 'e'].map((name) => `https://host/${name}`);
    assert.deepEqual([...usedRepositories(applications)].sort(), expected);
  });
});

describe('usedManifests', () => {
  it('names those of histories, quarantines and operations', () => {
    const status: Application['status'] = {
      history: [
        { id: 0, revision: 'r', deployedAt: 't', manifests: 'one' },
        { id: 1, revision: 'r', deployedAt: 't' },
      ],
      quarantine: [{ revision: 'r', reason: 'x', since: 't', manifests: 'two' }],
      operationState: {
        operation: {},
        phase: 'Running',
        startedAt: 't',
        syncResult: { revision: 'r', manifests: 'three' },
      },
    };
    assert.deepEqual([...usedManifests([application({ status }), application({})])].sort(), ['one', 'three', 'two']);
  });
});

describe('maintainOperator', () => {
  const DAY_MS = 24 * 3_600_000;
  const freed = { removed: 1, bytes: 10 };
  const parts = (list: () => Promise<unknown>, asked: string[]): MaintenanceParts => ({
    client: { list } as unknown as Client,
    clock: { now: () => 2 * DAY_MS, sleep: async () => undefined },
    repositories: {
      clean: async (used) => {
        asked.push(`repositories ${[...used].join()}`);
        throw new Error('disk');
      },
    },
    kept: {
      keepOnly: async (used, before) => {
        asked.push(`manifests ${[...used].join()} ${before}`);
        return freed;
      },
    },
    charts: {
      clean: async (before) => {
        asked.push(`charts ${before}`);
        return freed;
      },
    },
  });
  const { signal } = new AbortController();

  it('takes every step although one fails, with a grace of a day', async () => {
    const asked: string[] = [];
    const list = async () => ({ items: [application(spec('https://host/a'))], resourceVersion: '1' });
    const report = await maintainOperator(parts(list, asked), signal);
    assert.deepEqual(asked, ['repositories https://host/a', `manifests  ${DAY_MS}`, `charts ${DAY_MS}`]);
    assert.deepEqual(
      report.map((step) => [step.name, 'error' in step ? (step.error as Error).message : step.freed]),
      [
        ['repositories', 'disk'],
        ['manifests', freed],
        ['charts', freed],
      ],
    );
  });

  it('removes nothing that an application may use when the API does not answer', async () => {
    const asked: string[] = [];
    const list = async () => await Promise.reject(new Error('away'));
    await maintainOperator(parts(list, asked), signal);
    assert.deepEqual(asked, [`charts ${DAY_MS}`]);
  });
});
