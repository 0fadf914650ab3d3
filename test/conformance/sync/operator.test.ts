import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Deployment } from '../../../src/objects/kinds/apps-v1.js';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import { Application } from '../../../src/sync/applications/application.js';
import { TRACKING_ID } from '../../../src/sync/compare/tracking.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { isSettled, startOperatorRig } from '../../components/operator-rig.js';

const configMap = (name: string, value: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}${more}\ndata:\n  value: "${value}"\n`;

describe('the operator, from a commit to objects', () => {
  let server: GitServer;
  let repository: TestRepository;
  let rig: OperatorRig;
  const push = async (...commit: Parameters<TestRepository['commit']>): Promise<string> => {
    const revision = await repository.commit(...commit);
    await rig.operator.poke(repository.url);
    return revision;
  };
  const source = (path = 'app') => ({ repoURL: repository.url, path, targetRevision: 'main' });
  const value = async (name: string): Promise<string | undefined> =>
    (await rig.client.get(ConfigMap, { namespace: 'default', name }))?.data?.['value'];

  beforeEach(async () => {
    server = await startGitServer();
    repository = await server.createRepository('shop');
    rig = await startOperatorRig();
  });

  afterEach(async () => {
    await rig.close();
    await server.close();
  });

  it('deploys, updates, prunes, and records it', async () => {
    const first = await repository.commit({ 'app/a.yaml': configMap('a', '1'), 'app/b.yaml': configMap('b', '1') });
    await rig.application('shop', { source: source() });
    const deployed = await rig.untilApplication('shop', isSettled);
    assert.equal(deployed.status?.sync?.revision, first);
    const live = await rig.client.get(ConfigMap, { namespace: 'default', name: 'a' });
    assert.equal(live?.metadata.annotations?.[TRACKING_ID], 'shop:/ConfigMap:default/a');
    const second = await push({ 'app/a.yaml': configMap('a', '2'), 'app/b.yaml': null });
    const updated = await rig.untilApplication(
      'shop',
      (app) => isSettled(app) && app.status?.sync?.revision === second,
    );
    assert.equal(await value('a'), '2');
    assert.equal(await value('b'), undefined);
    assert.deepEqual(
      updated.status?.history?.map(({ id, revision, message }) => [id, revision, message]),
      [
        [0, first, 'Change'],
        [1, second, 'Change'],
      ],
    );
    assert.deepEqual(updated.status?.conditions, []);
    assert.deepEqual(
      updated.status?.operationState?.syncResult?.resources?.map(({ kind, name, status }) => [kind, name, status]),
      [
        ['ConfigMap', 'a', 'Synced'],
        ['ConfigMap', 'b', 'Pruned'],
      ],
    );
  });

  it('reverts a manual edit and brings back what was deleted', async () => {
    await repository.commit({ 'app/a.yaml': configMap('a', '1') });
    await rig.application('shop', { source: source() });
    await rig.untilApplication('shop', isSettled);
    const key = { namespace: 'default', name: 'a' };
    await rig.client.patch(ConfigMap, key, { type: 'merge', body: { data: { value: 'edited' } } });
    await rig.until(ConfigMap, key, (live) => live?.data?.['value'] === '1');
    await rig.client.delete(ConfigMap, key);
    await rig.until(ConfigMap, key, (live) => live?.data?.['value'] === '1');
  });

  describe('rollback', () => {
    const deployment = (tag: string, name = 'web'): string =>
      `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: 2
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: c, image: "web:${tag}"}]}
`;
    const image = async (name = 'web'): Promise<string | undefined> =>
      (await rig.client.get(Deployment, { namespace: 'default', name }))?.spec.template.spec?.containers[0]?.image;
    const quick = { automated: { prune: true, selfHeal: true }, rollback: { healthTimeout: '4s' } };
    const isRolledBack = (bad: string) => (app: Application) =>
      app.status?.quarantine?.some(({ revision }) => revision === bad) === true &&
      app.status.operationState?.phase === 'Succeeded' &&
      app.status.health?.status === 'Healthy';

    it('returns to the last healthy revision, keeps old pods serving, and goes on with the fix', async () => {
      const good = await repository.commit({ 'app/web.yaml': deployment('1'), 'app/a.yaml': configMap('a', '1') });
      await rig.application('shop', { source: source(), syncPolicy: quick });
      await rig.untilApplication('shop', isSettled);
      const bad = await push({
        'app/web.yaml': deployment('bad'),
        'app/new.yaml': configMap('new', '1'),
        'app/a.yaml': null,
      });
      let fewest = 2;
      const stop = new AbortController();
      const watching = (async () => {
        for await (const event of rig.client.watch(Deployment, { namespace: 'default' }, stop.signal)) {
          if (event.type !== 'bookmark') fewest = Math.min(fewest, event.object.status?.availableReplicas ?? 0);
        }
      })();
      const rolledBack = await rig.untilApplication('shop', isRolledBack(bad));
      assert.match(rolledBack.status?.quarantine?.[0]?.reason ?? '', /ImagePullBackOff: no image web:bad/);
      assert.equal(rolledBack.status?.sync?.status, 'OutOfSync');
      assert.equal(rolledBack.status?.sync?.revision, bad);
      assert.equal(rolledBack.status?.operationState?.syncResult?.revision, good);
      assert.deepEqual(
        rolledBack.status?.history?.map(({ revision }) => revision),
        [good],
      );
      assert.ok(rolledBack.status?.conditions?.some(({ reason }) => reason === 'RevisionQuarantined'));
      assert.equal(await image(), 'web:1');
      assert.equal(await value('a'), '1');
      assert.equal(await value('new'), undefined);
      // Drift is reverted to what is deployed, not to the bad revision.
      await rig.client.patch(
        ConfigMap,
        { namespace: 'default', name: 'a' },
        { type: 'merge', body: { data: { value: 'x' } } },
      );
      await rig.until(ConfigMap, { namespace: 'default', name: 'a' }, (live) => live?.data?.['value'] === '1');
      const fixed = await push({ 'app/web.yaml': deployment('2'), 'app/new.yaml': null });
      const settled = await rig.untilApplication(
        'shop',
        (app) => isSettled(app) && app.status?.sync?.revision === fixed,
      );
      assert.equal(await image(), 'web:2');
      assert.deepEqual(settled.status?.conditions, []);
      stop.abort();
      await watching.catch(() => undefined);
      assert.ok(fewest >= 2, `only ${fewest} replicas were available`);
    });

    it('works when the repository is gone and after a restart', async () => {
      await repository.commit({ 'app/web.yaml': deployment('1') });
      await rig.application('shop', { source: source(), syncPolicy: { ...quick, rollback: { healthTimeout: '3s' } } });
      await rig.untilApplication('shop', isSettled);
      const bad = await push({ 'app/web.yaml': deployment('hang') });
      await rig.until(
        Deployment,
        { namespace: 'default', name: 'web' },
        (live) => live?.spec.template.spec?.containers[0]?.image === 'web:hang',
      );
      server.behave({ status: 404 });
      await rm(join(rig.dataDir, 'repositories'), { recursive: true, force: true });
      await rig.restart();
      await rig.untilApplication('shop', (app) =>
        (app.status?.quarantine ?? []).some(({ revision }) => revision === bad),
      );
      await rig.until(
        Deployment,
        { namespace: 'default', name: 'web' },
        (live) => live?.spec.template.spec?.containers[0]?.image === 'web:1',
      );
      const after = await rig.untilApplication('shop', (app) => app.status?.operationState?.phase === 'Succeeded');
      assert.ok(after.status?.conditions?.some(({ reason }) => reason === 'SourceFailed'));
    });

    it('removes nothing for a revision that fails, also when everything has another name', async () => {
      await repository.commit({ 'app/web.yaml': deployment('1') });
      await rig.application('shop', { source: source(), syncPolicy: quick });
      await rig.untilApplication('shop', isSettled);
      const before = await rig.client.get(Deployment, { namespace: 'default', name: 'web' });
      const bad = await push({ 'app/web.yaml': deployment('bad', 'other') });
      await rig.untilApplication('shop', isRolledBack(bad));
      const after = await rig.client.get(Deployment, { namespace: 'default', name: 'web' });
      assert.equal(after?.metadata.uid, before?.metadata.uid);
      await rig.until(Deployment, { namespace: 'default', name: 'other' }, (live) => live === undefined);
    });

    it('tries a quarantined revision again when a person syncs by hand', async () => {
      await repository.commit({ 'app/web.yaml': deployment('1') });
      await rig.application('shop', { source: source(), syncPolicy: quick });
      await rig.untilApplication('shop', isSettled);
      const bad = await push({ 'app/web.yaml': deployment('hang') });
      await rig.untilApplication('shop', isRolledBack(bad));
      await rig.client.patch(
        Application,
        { namespace: 'argocd', name: 'shop' },
        { type: 'merge', body: { operation: { sync: {} } } },
      );
      await rig.until(
        Deployment,
        { namespace: 'default', name: 'web' },
        (live) => live?.spec.template.spec?.containers[0]?.image === 'web:hang',
      );
      await rig.untilApplication('shop', isRolledBack(bad));
    });

    it('lets a fix take the place of a revision that only waits for its health', async () => {
      await repository.commit({ 'app/web.yaml': deployment('1') });
      await rig.application('shop', { source: source(), syncPolicy: { ...quick, rollback: { healthTimeout: '10m' } } });
      await rig.untilApplication('shop', isSettled);
      const bad = await push({ 'app/web.yaml': deployment('hang') });
      await rig.untilApplication('shop', (app) => app.status?.operationState?.syncResult?.revision === bad);
      const fixed = await push({ 'app/web.yaml': deployment('3') });
      const settled = await rig.untilApplication(
        'shop',
        (app) => isSettled(app) && app.status?.sync?.revision === fixed,
      );
      assert.deepEqual(settled.status?.quarantine, []);
    });
  });
});
