import assert from 'node:assert/strict';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import { Application } from '../../../src/sync/applications/application.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { isSettled, startOperatorRig } from '../../components/operator-rig.js';

const config = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {value: "${value}"}\n`;

describe('the operator, with several sources', () => {
  let server: GitServer;
  let one: TestRepository;
  let two: TestRepository;
  let rig: OperatorRig;

  const isValue = async (name: string, text: string): Promise<void> => {
    const key = { namespace: 'default', name };
    await rig.until(ConfigMap, key, (live) => live?.data?.['value'] === text, `${name} ${text}`);
  };
  const sync = async (sync: Readonly<Record<string, unknown>>): Promise<void> => {
    await rig.untilApplication(
      'shop',
      ({ operation, status }) => operation === undefined && status?.operationState?.phase !== 'Running',
    );
    const operation = { sync, initiatedBy: { username: 'ada' } };
    await rig.client.patch(Application, { namespace: 'argocd', name: 'shop' }, { type: 'merge', body: { operation } });
  };

  beforeEach(async () => {
    server = await startGitServer();
    one = await server.createRepository('one');
    two = await server.createRepository('two');
    rig = await startOperatorRig();
  });

  afterEach(async () => {
    await rig.close();
    await server.close();
  });

  it('deploys other revisions of them by hand, and keeps all of them in the history', async () => {
    const first = [
      await one.commit({ 'app/a.yaml': config('a', '1') }),
      await two.commit({ 'app/b.yaml': config('b', '1') }),
    ];
    const source = (repository: TestRepository) => ({ repoURL: repository.url, path: 'app', targetRevision: 'main' });
    await rig.client.create<Application>({
      ...Application,
      metadata: { name: 'shop', namespace: 'argocd' },
      spec: {
        project: 'default',
        sources: [source(one), source(two)],
        destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
      },
    });
    await sync({});
    await rig.untilApplication('shop', isSettled);
    const second = [
      await one.commit({ 'app/a.yaml': config('a', '2') }),
      await two.commit({ 'app/b.yaml': config('b', '2') }),
    ];
    await rig.operator.poke(one.url);
    await rig.operator.poke(two.url);
    await sync({ revisions: second });
    await isValue('a', '2');
    await isValue('b', '2');
    const settled = await rig.untilApplication('shop', (app) => isSettled(app) && app.status?.history?.length === 2);
    assert.deepEqual(
      settled.status?.history?.map(({ revisions, sources }) => [revisions, sources?.length]),
      [
        [first, 2],
        [second, 2],
      ],
    );
    await sync({ revisions: [first[0], ''] });
    await isValue('a', '1');
    await isValue('b', '2');
    await sync({ revisions: first });
    await isValue('b', '1');
    await sync({ revision: 'none' });
    const says = /there are 2 sources, and a revision for 1; give one for each/;
    await rig.untilApplication('shop', ({ status }) => says.test(status?.operationState?.message ?? ''));
    await isValue('a', '1');
  });
});
