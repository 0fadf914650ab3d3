import assert from 'node:assert/strict';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
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
});
