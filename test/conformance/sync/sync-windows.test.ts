import assert from 'node:assert/strict';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import { quarantineAfter } from '../../../src/cli/commands/app/rollback.js';
import type { SyncWindow } from '../../../src/sync/applications/application.js';
import { AppProject, Application } from '../../../src/sync/applications/application.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { isSettled, startOperatorRig } from '../../components/operator-rig.js';

const config = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {value: ${value}}\n`;
const KEY = { namespace: 'argocd', name: 'shop' };
const ALWAYS: SyncWindow = { kind: 'deny', schedule: '* * * * *', duration: '1h', applications: ['shop'] };

describe('the operator, held up by a person', () => {
  let server: GitServer;
  let repository: TestRepository;
  let rig: OperatorRig;

  const value = async (): Promise<string | undefined> =>
    (await rig.client.get(ConfigMap, { namespace: 'default', name: 'a' }))?.data?.['value'];
  const isValue = async (text: string): Promise<void> => {
    await rig.until(ConfigMap, { namespace: 'default', name: 'a' }, (live) => live?.data?.['value'] === text, text);
  };
  const commit = async (text: string): Promise<string> => {
    const revision = await repository.commit({ 'app/a.yaml': config(text) });
    await rig.operator.poke(repository.url);
    return revision;
  };
  const windows = async (syncWindows: readonly SyncWindow[]): Promise<void> => {
    const body = { spec: { syncWindows } };
    await rig.client.patch(AppProject, { namespace: 'argocd', name: 'default' }, { type: 'merge', body });
  };
  const says = (reason: string, text: RegExp) => (app: Application) =>
    app.status?.conditions?.some((one) => one.reason === reason && text.test(one.message)) === true;

  beforeEach(async () => {
    server = await startGitServer();
    repository = await server.createRepository('shop');
    rig = await startOperatorRig();
    await commit('one');
    await rig.application('shop', { source: { repoURL: repository.url, path: 'app', targetRevision: 'main' } });
    await rig.untilApplication('shop', isSettled);
  });

  afterEach(async () => {
    await rig.close();
    await server.close();
  });

  it('keeps to the sync windows of the project', async () => {
    await windows([ALWAYS]);
    await commit('two');
    await rig.untilApplication('shop', says('SyncWindowClosed', /deny window "\* \* \* \* \*" for 1h is active until/));
    assert.equal(await value(), 'one');
    const operation = { sync: {}, initiatedBy: { username: 'ada' } };
    await rig.client.patch(Application, KEY, { type: 'merge', body: { operation } });
    const refused = await rig.untilApplication('shop', ({ status }) => status?.operationState?.phase === 'Error');
    assert.match(refused.status?.operationState?.message ?? '', /cannot sync: blocked by sync window of project/);
    assert.equal(await value(), 'one');
    await windows([{ ...ALWAYS, manualSync: true }]);
    await rig.client.patch(Application, KEY, { type: 'merge', body: { operation } });
    await isValue('two');
    await commit('three');
    await rig.untilApplication('shop', says('SyncWindowClosed', /active/));
    await windows([]);
    await isValue('three');
    const settled = await rig.untilApplication('shop', isSettled);
    assert.deepEqual(settled.status?.conditions, []);
  });

  it('says that a revision was rolled back by hand', async () => {
    const second = await commit('two');
    await isValue('two');
    const deployed = await rig.untilApplication('shop', ({ status }) => status?.history?.length === 2);
    const [entry] = deployed.status?.history ?? [];
    assert.ok(entry !== undefined);
    const status = { quarantine: quarantineAfter(deployed, entry, '2026-01-01T00:00:00Z') };
    const operation = { sync: { revision: entry.revision }, initiatedBy: { username: 'ada' } };
    await rig.client.patch(Application, KEY, { type: 'merge', body: { status, operation } });
    await isValue('one');
    const text = new RegExp(`^revision ${second.slice(0, 7)} was rolled back by hand to deployment 0; revision`);
    await rig.untilApplication('shop', says('RevisionQuarantined', text));
  });
});
