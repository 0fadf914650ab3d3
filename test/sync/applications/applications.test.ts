import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, truncate, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import type { KubeObject } from '../../../src/objects/object.js';
import type { AppProjectSpec, Application } from '../../../src/sync/applications/application.js';
import { instanceKey, instanceName } from '../../../src/sync/applications/application.js';
import { conditionsOf } from '../../../src/sync/applications/conditions.js';
import { APPLICATION_CRDS, DEFAULT_PROJECT } from '../../../src/sync/applications/crds.js';
import { deletedWith, heldBack, nextToDelete } from '../../../src/sync/applications/delete-application.js';
import { findUnready } from '../../../src/sync/applications/dependencies.js';
import { KeptManifests, manifestsDigest } from '../../../src/sync/applications/kept-manifests.js';
import { mergePatchBetween } from '../../../src/sync/applications/merge-patch.js';
import { permitsDestination, permitsSource, refuseObject } from '../../../src/sync/applications/project-rules.js';
import { lastHealthy, quarantineOf, withQuarantine } from '../../../src/sync/applications/quarantine.js';
import { imagesOf } from '../../../src/sync/applications/resource-statuses.js';
import { isForeignChange } from '../../../src/sync/applications/triggers.js';
import { retryDelayMs } from '../../../src/sync/execute/run-operation.js';

const application = (name: string, more: Partial<Application> = {}): Application => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name, namespace: 'argocd' },
  spec: { project: 'default', destination: {}, syncPolicy: { automated: {} } },
  ...more,
});

type Json = Record<string, unknown>;
/** RFC 7386, section 2. */
const applied = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Json = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = applied(result[name], value);
  }
  return result;
};

describe('mergePatchBetween', () => {
  it('turns the one into the other, and is nothing for the same', () => {
    const { map } = fc.letrec<{ json: unknown; map: Json }>((tie) => ({
      json: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.string(), fc.array(fc.integer()), tie('map')),
      map: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('json'), { noNullPrototype: true }),
    }));
    fc.assert(
      fc.property(map, map, (before, after) => {
        assert.deepEqual(applied(before, mergePatchBetween(before, after) ?? {}), after);
        assert.equal(mergePatchBetween(after, structuredClone(after)), undefined);
      }),
    );
  });
});

describe('KeptManifests', () => {
  const manifests = [
    { object: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }, file: 'a.yaml', line: 3 },
  ];
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'fairlead-kept-')), 'manifests');
  });
  afterEach(async () => {
    await rm(join(folder, '..'), { recursive: true, force: true });
  });

  it('gives back what was kept, also to another process, and shows it to nobody else', async () => {
    const digest = await new KeptManifests(folder).keep(manifests);
    assert.equal(digest, manifestsDigest(manifests));
    assert.deepEqual(await new KeptManifests(folder).read(digest), manifests);
    const [file = ''] = await readdir(folder);
    assert.equal((await stat(join(folder, file))).mode & 0o077, 0);
    assert.equal((await stat(folder)).mode & 0o077, 0);
  });

  it('keeps every digit of large integers', async () => {
    const large = manifests.map((each) => ({ ...each, object: { ...each.object, spec: { serial: 2n ** 63n - 1n } } }));
    const digest = await new KeptManifests(folder).keep(large);
    assert.deepEqual(await new KeptManifests(folder).read(digest), large);
  });

  it('gives nothing for what was never kept, is damaged, or is no digest', async () => {
    const digest = await new KeptManifests(folder).keep(manifests);
    await truncate(join(folder, `${digest}.json.gz`), 20);
    const again = new KeptManifests(folder);
    assert.equal(await again.read(digest), undefined);
    assert.equal(await again.read('0'.repeat(64)), undefined);
    assert.equal(await again.read('../../etc/passwd'), undefined);
    await again.keep(manifests);
    assert.deepEqual(await again.read(digest), manifests);
  });

  it('lets go of what nobody needs', async () => {
    const kept = new KeptManifests(folder);
    const digest = await kept.keep(manifests);
    await kept.keep([]);
    await kept.keepOnly(new Set([digest]), 0);
    assert.equal((await readdir(folder)).length, 2);
    const { removed, bytes } = await kept.keepOnly(new Set([digest]), Date.now() + 1000);
    assert.equal(removed, 1);
    assert.ok(bytes > 0);
    assert.deepEqual(await readdir(folder), [`${digest}.json.gz`]);
  });

  it('spares what is kept again', async () => {
    const kept = new KeptManifests(folder);
    const path = join(folder, `${await kept.keep(manifests)}.json.gz`);
    await utimes(path, new Date(0), new Date(0));
    await kept.keep(manifests);
    assert.deepEqual(await kept.keepOnly(new Set(), 1000), { removed: 0, bytes: 0 });
    await utimes(path, new Date(0), new Date(0));
    assert.equal((await kept.keepOnly(new Set(), 1000)).removed, 1);
  });
});

describe('quarantine', () => {
  const history = [
    { id: 0, revision: 'r0', deployedAt: 't', manifests: 'd0' },
    { id: 1, revision: 'r1', deployedAt: 't', manifests: 'd1' },
  ];
  const state = { operation: {}, phase: 'Failed', message: 'no image', startedAt: 's' } as const;
  const bad = { revision: 'r2', digest: 'd2', manifests: [] };

  it('takes in what failed, and finds it by what it renders to', () => {
    const app = application('a', { status: { history } });
    const quarantine = withQuarantine(app, state, bad, 'now');
    assert.deepEqual(quarantine, [
      { revision: 'r2', reason: 'no image', since: 'now', manifests: 'd2', deployStartedAt: 's' },
    ]);
    const after = application('a', { status: { history, quarantine: quarantine ?? [] } });
    assert.equal(quarantineOf(after, 'd2')?.revision, 'r2');
    assert.equal(quarantineOf(after, 'd3'), undefined);
    assert.equal(lastHealthy(after, 'd2')?.revision, 'r1');
    assert.equal(lastHealthy(after, 'd1')?.revision, 'r0');
  });

  it('takes in neither what was healthy last, nor a first deployment, nor where rollback is off', () => {
    const app = application('a', { status: { history } });
    assert.equal(withQuarantine(app, state, { ...bad, digest: 'd1' }, 'now'), undefined);
    assert.equal(withQuarantine(application('a'), state, bad, 'now'), undefined);
    const off = { ...app, spec: { ...app.spec, syncPolicy: { automated: {}, rollback: { enabled: false } } } };
    assert.equal(withQuarantine(off, state, bad, 'now'), undefined);
  });
});

describe('project rules', () => {
  const project: AppProjectSpec = {
    sourceRepos: ['https://host/*', '!https://host/secret*'],
    destinations: [
      { server: '*', namespace: 'team-*' },
      { server: '*', namespace: '!team-secret' },
    ],
    clusterResourceWhitelist: [{ group: '', kind: 'Namespace', name: 'team-*' }],
    namespaceResourceBlacklist: [{ group: '', kind: 'ResourceQuota' }],
  };
  const destination = { server: 'https://kubernetes.default.svc', namespace: 'team-a' };

  it('permit sources and destinations by pattern, and deny what begins with !', () => {
    assert.ok(permitsSource(project, 'https://host/shop.git'));
    assert.ok(!permitsSource(project, 'https://host/secret.git'));
    assert.ok(!permitsSource(project, 'https://other/shop'));
    assert.ok(permitsDestination(project, destination));
    assert.ok(!permitsDestination(project, { ...destination, namespace: 'team-secret' }));
    assert.ok(!permitsDestination(project, { ...destination, namespace: 'kube-system' }));
    assert.ok(permitsDestination(DEFAULT_PROJECT['spec'] as AppProjectSpec, destination));
  });

  it('permit kinds, names and namespaces of objects', () => {
    const refused = (group: string, kind: string, name: string, namespace: string) =>
      refuseObject(
        project,
        destination,
        { group, kind, name, namespace },
        namespace === '' ? 'cluster' : 'namespaced',
      ) !== undefined;
    assert.ok(!refused('', 'Namespace', 'team-a', ''));
    assert.ok(refused('', 'Namespace', 'other', ''));
    assert.ok(refused('rbac.authorization.k8s.io', 'ClusterRole', 'admin', ''));
    assert.ok(!refused('apps', 'Deployment', 'web', 'team-a'));
    assert.ok(refused('', 'ResourceQuota', 'q', 'team-a'));
    assert.ok(refused('apps', 'Deployment', 'web', 'kube-system'));
    const only: AppProjectSpec = { ...project, namespaceResourceWhitelist: [{ group: 'apps', kind: '*' }] };
    const id = { group: '', kind: 'Secret', name: 's', namespace: 'team-a' };
    assert.match(refuseObject(only, destination, id, 'namespaced') ?? '', /not permitted/);
  });
});

describe('findUnready', () => {
  const well = { health: { status: 'Healthy' }, sync: { status: 'Synced' } } as const;
  const all =
    (...applications: readonly Application[]) =>
    (key: { readonly name: string }) =>
      applications.find(({ metadata }) => metadata.name === key.name);
  const needs = (name: string, ...others: readonly string[]): Application =>
    application(name, { spec: { ...application(name).spec, dependsOn: others.map((other) => ({ name: other })) } });

  it('names who is not there or not healthy', () => {
    const shop = needs('shop', 'db', 'queue');
    const found = findUnready(shop, all(shop, application('db', { status: { health: { status: 'Degraded' } } })));
    assert.match(found[0]?.message ?? '', /argocd\/db.*Degraded/);
    assert.match(found[1]?.message ?? '', /argocd\/queue.*not there/);
    const ready = all(shop, application('db', { status: well }), application('queue', { status: well }));
    assert.deepEqual(findUnready(shop, ready), []);
  });

  it('says so when the wait would never end', () => {
    const [a, b, c] = [needs('a', 'b'), needs('b', 'c'), needs('c', 'a')];
    assert.match(findUnready(a, all(a, b, c))[0]?.message ?? '', /a -> argocd\/b -> argocd\/c -> argocd\/a/);
  });
});

describe('deletion', () => {
  const object = (name: string, annotations: Record<string, string> = {}, more: object = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, annotations, uid: name, ...more },
  });

  it('takes the highest wave first and waits for what is on its way out', () => {
    const low = object('low');
    const high = object('high', { 'argocd.argoproj.io/sync-wave': '3' });
    assert.deepEqual(nextToDelete([low, high]), [high]);
    assert.deepEqual(nextToDelete([low, object('going', {}, { deletionTimestamp: 't' })]), []);
  });

  it('holds everything back until a person approves it, after it was asked for', () => {
    const careful = object('db', { 'argocd.argoproj.io/sync-options': 'Delete=confirm' });
    const self = (approved?: string, options: readonly string[] = []): Application => ({
      ...application('self'),
      metadata: {
        name: 'self',
        deletionTimestamp: '2026-01-02T03:04:05Z',
        ...(approved === undefined ? {} : { annotations: { 'argocd.argoproj.io/deletion-approved': approved } }),
      },
      spec: { ...application('self').spec, syncPolicy: { syncOptions: options } },
    });
    assert.match(heldBack([object('a'), careful], self()) ?? '', /ConfigMap "db"/);
    assert.ok(heldBack([careful], self('2026-01-02T03:04:04Z')));
    assert.ok(heldBack([careful], self('true')));
    assert.equal(heldBack([careful], self('2026-01-02T04:04:05+01:00')), undefined);
    assert.equal(heldBack([object('a')], self()), undefined);
    assert.match(heldBack([object('a'), object('b')], self(undefined, ['Delete=confirm'])) ?? '', /and 1 more/);
  });

  it('leaves definitions, itself, and what is to be kept', () => {
    const definition = { ...object('crd'), apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
    const self = application('self', { metadata: { name: 'self', uid: 'self' } });
    const kept = object('kept', { 'helm.sh/resource-policy': 'keep' });
    const stays = object('stays', { 'argocd.argoproj.io/sync-options': 'Delete=false' });
    assert.deepEqual(
      deletedWith([definition, object('self'), kept, stays, object('gone')], self).map(({ metadata }) => metadata.name),
      ['gone'],
    );
  });
});

describe('the definitions of the kinds', () => {
  it('accept what Argo CD accepts and refuse what makes no sense', () => {
    const schemaOf = (kind: string): object => {
      const found = APPLICATION_CRDS.find(({ spec }) => (spec as { names: { kind: string } }).names.kind === kind);
      assert.ok(found);
      const { versions } = found['spec'] as { versions: readonly { schema: { openAPIV3Schema: object } }[] };
      return versions[0]?.schema.openAPIV3Schema ?? {};
    };
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    ajv.addFormat('int64', true);
    const valid = ajv.compile(schemaOf('Application'));
    const spec = {
      project: 'default',
      source: { repoURL: 'https://h/r', path: 'p', targetRevision: 'HEAD', helm: { valueFiles: ['v.yaml'] } },
      destination: { server: 's', namespace: 'n' },
      syncPolicy: {
        automated: { prune: true },
        syncOptions: ['CreateNamespace=true'],
        retry: { limit: 5, backoff: { duration: '5s', factor: 2 } },
      },
    };
    assert.ok(valid({ metadata: {}, spec }), JSON.stringify(valid.errors));
    assert.ok(!valid({ metadata: {}, spec: { ...spec, project: undefined } }));
    assert.ok(!valid({ metadata: {}, spec: { ...spec, syncPolicy: { automated: true } } }));
    assert.ok(ajv.compile(schemaOf('AppProject'))(DEFAULT_PROJECT));
  });
});

describe('small rules', () => {
  it('name applications in tracking ids', () => {
    for (const key of [
      { namespace: 'argocd', name: 'shop' },
      { namespace: 'fairlead', name: 'shop' },
    ]) {
      assert.deepEqual(instanceKey(instanceName(key)), key);
    }
    assert.equal(instanceName({ namespace: 'fairlead', name: 'shop' }), 'fairlead_shop');
  });

  it('keep the time of a condition that stays', () => {
    const before = conditionsOf([{ reason: 'SyncFailed', message: 'm' }], [], 't1');
    const after = conditionsOf(
      [
        { reason: 'SyncFailed', message: 'm' },
        { reason: 'RenderFailed', message: 'x' },
      ],
      before,
      't2',
    );
    assert.deepEqual(
      after.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
      [
        ['SyncError', 't1'],
        ['ComparisonError', 't2'],
      ],
    );
  });

  it('retry with growing waits up to a limit', () => {
    assert.equal(retryDelayMs(undefined, 0), undefined);
    assert.deepEqual(
      [0, 1, 2, 3].map((count) => retryDelayMs({ limit: 3 }, count)),
      [5000, 10_000, 20_000, undefined],
    );
    assert.equal(retryDelayMs({ limit: -1, backoff: { maxDuration: '1m' } }, 900), 60_000);
  });

  it("take the operator's own writes for no change", () => {
    const before = application('a', { status: {} });
    assert.ok(!isForeignChange({ ...before, status: { health: { status: 'Healthy' } } }, before));
    assert.ok(isForeignChange({ ...before, operation: { sync: {} } }, before));
    assert.ok(isForeignChange({ ...before, metadata: { ...before.metadata, annotations: { a: 'b' } } }, before));
    assert.ok(isForeignChange(before, undefined));
  });

  it('find images in pods, workloads and cron jobs', () => {
    const containers = [{ name: 'c', image: 'a:1' }];
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers, initContainers: [{ image: 'b:1' }] },
    };
    const cron = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'j' },
      spec: { jobTemplate: { spec: { template: { spec: { containers } } } } },
    };
    assert.deepEqual(imagesOf([pod, cron]), ['a:1', 'b:1']);
  });
});
