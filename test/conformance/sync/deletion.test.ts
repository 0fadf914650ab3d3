import assert from 'node:assert/strict';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import { Application, FINALIZER, REFRESH_ANNOTATION } from '../../../src/sync/applications/application.js';
import { DELETION_APPROVED, SYNC_OPTIONS } from '../../../src/sync/execute/annotations.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { isSettled, startOperatorRig } from '../../components/operator-rig.js';

const configMap = (name: string, value = '1', options = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${
    options === '' ? '' : `  annotations: {${SYNC_OPTIONS}: "${options}"}\n`
  }data:\n  value: "${value}"\n`;

describe('the operator, deleting only what a person approved', () => {
  let server: GitServer;
  let repository: TestRepository;
  let rig: OperatorRig;
  let ahead = 0;
  const key = { namespace: 'argocd', name: 'shop' };
  const push = async (...commit: Parameters<TestRepository['commit']>): Promise<string> => {
    const revision = await repository.commit(...commit);
    await rig.operator.poke(repository.url);
    return revision;
  };
  const source = () => ({ repoURL: repository.url, path: 'app', targetRevision: 'main' });
  const get = async (name: string) => await rig.client.get(ConfigMap, { namespace: 'default', name });
  const gone = async (name: string) =>
    await rig.until(ConfigMap, { namespace: 'default', name }, (live) => live === undefined, `${name} gone`);
  const approve = async (time = new Date().toISOString()): Promise<void> => {
    const body = { metadata: { annotations: { [DELETION_APPROVED]: time } } };
    await rig.client.patch(Application, key, { type: 'merge', body });
  };
  /** Resolves when the operator has looked at the application with this approval. */
  const looked = async (time: string): Promise<void> => {
    const annotations = { [DELETION_APPROVED]: time, [REFRESH_ANNOTATION]: 'normal' };
    await rig.client.patch(Application, key, { type: 'merge', body: { metadata: { annotations } } });
    await rig.untilApplication('shop', (app) => app.metadata.annotations?.[REFRESH_ANNOTATION] === undefined);
  };
  const waits = (app: Application): boolean =>
    app.status?.operationState?.phase === 'Running' &&
    (app.status.operationState.message ?? '').startsWith('waiting for pruning confirmation of ');

  beforeEach(async () => {
    server = await startGitServer();
    repository = await server.createRepository('shop');
    ahead = 0;
    rig = await startOperatorRig({ elapsed: () => performance.now() + ahead });
  });

  afterEach(async () => {
    await rig.close();
    await server.close();
  });

  it('holds a prune back until it is approved, also over a restart, and takes no earlier approval', async () => {
    await repository.commit({ 'app/a.yaml': configMap('a'), 'app/db.yaml': configMap('db', '1', 'Prune=confirm') });
    const rollback = { healthTimeout: '30s' };
    const syncPolicy = { automated: { prune: true }, rollback };
    await rig.application('shop', { source: source(), syncPolicy });
    const deployed = await rig.untilApplication('shop', isSettled);
    const statuses = deployed.status?.resources?.map((one) => [one.name, one.requiresDeletionConfirmation]);
    assert.deepEqual(statuses, [
      ['a', undefined],
      ['db', true],
    ]);
    await approve('2020-01-01T00:00:00Z');
    const revision = await push({ 'app/a.yaml': configMap('a', '2'), 'app/db.yaml': null });
    const waiting = await rig.untilApplication('shop', waits);
    assert.equal(waiting.status?.operationState?.message, 'waiting for pruning confirmation of /ConfigMap/db');
    // The time for health runs out meanwhile, which must neither fail the sync nor delete anything.
    ahead = 60_000;
    await looked('no time');
    await rig.restart();
    await looked('2020-01-01T00:00:00Z');
    assert.equal((await get('a'))?.data?.['value'], '2');
    assert.ok(await get('db'));
    await rig.untilApplication('shop', waits);
    await approve();
    await gone('db');
    const settled = await rig.untilApplication('shop', isSettled);
    assert.equal(settled.status?.operationState?.syncResult?.revision, revision);
    assert.deepEqual(settled.status.quarantine, []);
  });

  it('lets a commit that brings the object back take the place of a prune that waits', async () => {
    await repository.commit({ 'app/a.yaml': configMap('a'), 'app/db.yaml': configMap('db') });
    const syncPolicy = { automated: { prune: true }, syncOptions: ['Prune=confirm'] };
    await rig.application('shop', { source: source(), syncPolicy });
    await rig.untilApplication('shop', isSettled);
    const before = await get('db');
    await push({ 'app/db.yaml': null });
    await rig.untilApplication('shop', waits);
    const back = await push({ 'app/db.yaml': configMap('db') });
    const settled = await rig.untilApplication(
      'shop',
      ({ status }) => status?.sync?.revision === back && status.operationState?.phase !== 'Running',
    );
    assert.equal(settled.status?.sync?.status, 'Synced');
    assert.match(settled.status.operationState?.message ?? '', /took its place/);
    assert.deepEqual(settled.status.conditions, []);
    assert.equal((await get('db'))?.metadata.uid, before?.metadata.uid);
  });

  it('deletes nothing of an application until it is approved', async () => {
    await repository.commit({ 'app/a.yaml': configMap('a'), 'app/db.yaml': configMap('db', '1', 'Delete=confirm') });
    await rig.application('shop', { source: source() });
    await rig.untilApplication('shop', isSettled);
    await rig.client.patch(Application, key, { type: 'merge', body: { metadata: { finalizers: [FINALIZER] } } });
    await rig.client.delete(Application, key);
    const held = await rig.untilApplication(
      'shop',
      (app) => app.status?.conditions?.some(({ reason }) => reason === 'DeletionNotApproved') === true,
    );
    assert.match(held.status?.conditions?.[0]?.message ?? '', /deletion confirmation of ConfigMap "default\/db"/);
    assert.equal((await get('a'))?.metadata.deletionTimestamp, undefined);
    assert.equal((await get('db'))?.metadata.deletionTimestamp, undefined);
    await approve();
    await rig.until(Application, key, (app) => app === undefined, 'application gone');
    assert.deepEqual([await get('a'), await get('db')], [undefined, undefined]);
  });
});
