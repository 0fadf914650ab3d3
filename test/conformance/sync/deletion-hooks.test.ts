import assert from 'node:assert/strict';
import { Job } from '../../../src/objects/kinds/batch-v1.js';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import { Application, FINALIZER } from '../../../src/sync/applications/application.js';
import { HOOK_FINALIZERS } from '../../../src/sync/applications/deletion-hooks.js';
import { HOOK, HOOK_DELETE_POLICY } from '../../../src/sync/execute/annotations.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { isSettled, startOperatorRig } from '../../components/operator-rig.js';

const hook = (name: string, type: string, tag: string, more = ''): string =>
  `apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: ${name}\n  annotations: {${HOOK}: ${type}${more}}\nspec:\n  backoffLimit: 0\n  template:\n    spec: {restartPolicy: Never, containers: [{name: c, image: "job:${tag}"}]}\n`;
const KEEP = `, ${HOOK_DELETE_POLICY}: BeforeHookCreation`;

describe('the operator, with hooks of a deletion', () => {
  let server: GitServer;
  let repository: TestRepository;
  let rig: OperatorRig;
  const key = { namespace: 'argocd', name: 'shop' };
  const named = (name: string) => ({ namespace: 'default', name });
  const deploy = async (files: Readonly<Record<string, string>>): Promise<Application> => {
    await repository.commit({
      'app/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {value: "1"}\n',
      ...files,
    });
    await rig.application('shop', { source: { repoURL: repository.url, path: 'app', targetRevision: 'main' } });
    await rig.untilApplication('shop', isSettled);
    const body = [{ op: 'add', path: '/metadata/finalizers/-', value: FINALIZER }];
    return await rig.client.patch(Application, key, { type: 'json', body });
  };
  const gone = async (): Promise<void> => {
    await rig.until(Application, key, (app) => app === undefined, 'application gone');
  };

  beforeEach(async () => {
    server = await startGitServer();
    repository = await server.createRepository('shop');
    rig = await startOperatorRig();
  });

  afterEach(async () => {
    await rig.close();
    await server.close();
  });

  it('runs PreDelete before and PostDelete after the objects are deleted, also when the repository is gone', async () => {
    const app = await deploy({
      'app/pre.yaml': hook('pre', 'PreDelete', 'hang'),
      'app/post.yaml': hook('post', 'PostDelete', 'ok', KEEP),
      'app/clean.yaml': hook('clean', 'PostDelete', 'ok'),
    });
    const { PreDelete, PostDelete } = HOOK_FINALIZERS;
    const wanted = [PreDelete.run, PreDelete.cleanUp, PostDelete.run, PostDelete.cleanUp, FINALIZER];
    assert.deepEqual(app.metadata.finalizers, wanted);
    assert.equal(await rig.client.get(Job, named('pre')), undefined);
    server.behave({ status: 404 });
    await rig.client.delete(Application, key);
    const pre = await rig.until(Job, named('pre'), (live) => (live?.status?.active ?? 0) > 0, 'pre runs');
    await rig.restart();
    assert.ok(await rig.client.get(ConfigMap, named('a')));
    const live = await rig.client.get(Job, named('pre'));
    assert.equal(live?.metadata.uid, pre?.metadata.uid);
    assert.equal(await rig.client.get(Job, named('post')), undefined);
    const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({
      type,
      status: 'True',
      lastProbeTime: time,
      lastTransitionTime: time,
    }));
    const startTime = live?.status?.startTime ?? time;
    const status = { conditions, active: 0, startTime, completionTime: time, succeeded: 1 };
    await rig.client.patch(Job, named('pre'), { type: 'merge', body: { status } }, { subresource: 'status' });
    await gone();
    assert.equal(await rig.client.get(ConfigMap, named('a')), undefined);
    assert.equal(await rig.client.get(Job, named('pre')), undefined);
    assert.equal(await rig.client.get(Job, named('clean')), undefined);
    assert.ok(await rig.client.get(Job, named('post')), 'its policy keeps it');
  });

  it('deletes nothing after a PreDelete hook that failed, says so, and goes on with the one that is mended', async () => {
    await deploy({ 'app/pre.yaml': hook('pre', 'PreDelete', 'fail') });
    await rig.client.delete(Application, key);
    const failed = await rig.untilApplication(
      'shop',
      (app) => app.status?.conditions?.some(({ reason }) => reason === 'DeletionFailed') === true,
    );
    assert.match(failed.status?.conditions?.[0]?.message ?? '', /hook batch\/Job\/pre: Job has reached/);
    assert.ok(await rig.client.get(ConfigMap, named('a')));
    await repository.commit({ 'app/pre.yaml': hook('pre', 'PreDelete', 'ok') });
    await rig.operator.poke(repository.url);
    // As if it had been visible for long enough.
    const conditions = failed.status?.conditions?.map((one) => ({
      ...one,
      lastTransitionTime: '2020-01-01T00:00:00Z',
    }));
    const body = { metadata: { annotations: { look: 'again' } }, status: { conditions } };
    await rig.client.patch(Application, key, { type: 'merge', body });
    await gone();
    assert.equal(await rig.client.get(ConfigMap, named('a')), undefined);
  });

  it('takes the finalizers away with the last hook', async () => {
    await deploy({ 'app/post.yaml': hook('post', 'PostDelete', 'ok') });
    await repository.commit({ 'app/post.yaml': null });
    await rig.operator.poke(repository.url);
    await rig.untilApplication('shop', ({ metadata }) => metadata.finalizers?.join() === FINALIZER);
  });
});
