import assert from 'node:assert/strict';
import { fetchPage, startVisitor } from '../../src/cli/demo/visitor.js';
import { Deployment } from '../../src/objects/kinds/apps-v1.js';
import { Application } from '../../src/sync/applications/application.js';
import type { GitServer, TestRepository } from '../components/git-server.js';
import { startGitServer } from '../components/git-server.js';
import type { RunningServer } from './fairlead.js';
import { eventually, fairlead, startServer } from './fairlead.js';
import { webManifests } from './web-manifests.js';

const ROOT = { namespace: 'argocd', name: 'root' };

describe('git push to deploy', function () {
  this.timeout(180_000);
  let git: GitServer;
  let repository: TestRepository;
  let server: RunningServer;
  let first: string;

  before(async () => {
    git = await startGitServer();
    repository = await git.createRepository('web');
    first = await repository.commit(webManifests('one'));
    server = await startServer([
      '--runtime',
      'process',
      '--poll-interval',
      '1',
      '--repo',
      repository.url,
      '--path',
      'deploy',
    ]);
  });
  after(async () => {
    await server.remove();
    await git.close();
  });

  const app = (...args: string[]) => fairlead(['app', ...args, '--data-dir', server.dataDir]);
  const root = async (): Promise<Application> => {
    const found = await server.client.get(Application, ROOT);
    assert.ok(found !== undefined);
    return found;
  };
  const healthyAt = (revision: string) =>
    eventually(async () => {
      const { status, operation } = await root();
      const isThere =
        status?.sync?.status === 'Synced' &&
        status.sync.revision === revision &&
        status.health?.status === 'Healthy' &&
        status.operationState?.phase === 'Succeeded' &&
        operation === undefined;
      return isThere ? true : undefined;
    }, server.log);
  const page = async (): Promise<string> => (await fetchPage(server.ingressPort, 'web.localhost')).text;

  it('deploys what the repository holds', async () => {
    await healthyAt(first);
    assert.equal(await page(), 'one');
    const listed = await app('list');
    assert.match(listed.stdout, new RegExp(`root +argocd +Synced +Healthy +${first.slice(0, 7)}`));
    const got = JSON.parse((await app('get', 'root', '-o', 'json')).stdout) as Application;
    assert.equal(got.status?.resources?.length, 4);
  });

  it('reverts what somebody changes by hand', async () => {
    const key = { namespace: 'default', name: 'web' };
    const changed = await server.client.patch(
      Deployment,
      key,
      { type: 'merge', body: { spec: { revisionHistoryLimit: 3, replicas: 1 } } },
      { fieldManager: 'somebody' },
    );
    assert.equal(changed.spec.replicas, 1);
    await eventually(async () => ((await server.client.get(Deployment, key))?.spec.replicas === 2 ? true : undefined));
  });

  it('deploys the next commit without losing a request, and says beforehand what it will change', async () => {
    await healthyAt(first);
    assert.equal((await app('diff', 'root')).status, 0);
    const visitor = startVisitor(server.ingressPort, 'web.localhost', 10);
    const second = await repository.commit(webManifests('two'));
    const diff = await app('diff', 'root', '--revision', second);
    assert.ok(diff.status === 3 || (await page()) === 'two', diff.stderr);
    await healthyAt(second);
    assert.equal(await page(), 'two');
    const { answered, failed } = await visitor.stop();
    assert.deepEqual(failed, []);
    assert.ok(answered > 10);
  });

  it('rolls back and quarantines a revision that does not become healthy, and deploys the fix', async () => {
    const visitor = startVisitor(server.ingressPort, 'web.localhost', 10);
    const bad = await repository.commit(webManifests('three', { healthy: false }));
    const entry = await eventually(async () =>
      (await root()).status?.quarantine?.find(({ revision }) => revision === bad),
    );
    assert.match(entry.reason, /web/);
    await eventually(async () => ((await root()).status?.health?.status === 'Healthy' ? true : undefined));
    assert.equal(await page(), 'two');
    assert.match((await app('get', 'root')).stdout, new RegExp(`Quarantined:\\n.*\\n${bad.slice(0, 7)}`));
    const fix = await repository.commit(webManifests('four'));
    await healthyAt(fix);
    assert.equal(await page(), 'four');
    assert.deepEqual((await visitor.stop()).failed, []);
  });

  it('changes nothing that runs when the next commit is broken, and names file and line', async () => {
    const { status } = await root();
    await repository.commit({ 'deploy/broken.yaml': 'kind: ConfigMap\nmetadata:\n  name: [unclosed\n' });
    const condition = await eventually(async () =>
      (await root()).status?.conditions?.find(({ message }) => message.includes('broken.yaml')),
    );
    assert.match(condition.message, /deploy\/broken\.yaml:\d+/);
    assert.equal(await page(), 'four');
    const fixed = await repository.commit({ 'deploy/broken.yaml': null });
    await healthyAt(fixed);
    assert.deepEqual((await root()).status?.resources?.length, status?.resources?.length);
  });

  it('returns to an earlier deployment by hand, also when the repository is gone', async () => {
    const history = (await root()).status?.history ?? [];
    const target = history.find(({ revision }) => revision !== history.at(-1)?.revision);
    assert.ok(target !== undefined);
    git.behave({ status: 404 });
    const rolledBack = await app('rollback', 'root', String(target.id));
    assert.equal(rolledBack.status, 0, rolledBack.stderr);
    assert.match((await app('history', 'root')).stdout, new RegExp(target.revision.slice(0, 7)));
    assert.notEqual(await page(), 'four');
  });
});
