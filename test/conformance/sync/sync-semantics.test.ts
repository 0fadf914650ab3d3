import assert from 'node:assert/strict';
import { Deployment } from '../../../src/objects/kinds/apps-v1.js';
import { Job } from '../../../src/objects/kinds/batch-v1.js';
import { ConfigMap, Event, Namespace } from '../../../src/objects/kinds/core-v1.js';
import type { KindOf } from '../../../src/objects/kind.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { AppProject, Application } from '../../../src/sync/applications/application.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { isSettled, startOperatorRig } from '../../components/operator-rig.js';

const annotated = (annotations: Record<string, string>): string =>
  Object.keys(annotations).length === 0
    ? ''
    : `\n  annotations:\n${Object.entries(annotations)
        .map(([name, text]) => `    ${name}: "${text}"`)
        .join('\n')}`;

const ARGO = 'argocd.argoproj.io';
const configMap = (name: string, value = '1', annotations: Record<string, string> = {}): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}${annotated(annotations)}\ndata:\n  value: "${value}"\n`;
const job = (name: string, tag: string, annotations: Record<string, string>): string =>
  `apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: ${name}${annotated(annotations)}\nspec:\n  backoffLimit: 0\n  template:\n    spec: {restartPolicy: Never, containers: [{name: c, image: "job:${tag}"}]}\n`;

describe('the operator, syncing as Argo CD does', () => {
  let server: GitServer;
  let repository: TestRepository;
  let rig: OperatorRig;
  const push = async (...commit: Parameters<TestRepository['commit']>): Promise<string> => {
    const revision = await repository.commit(...commit);
    await rig.operator.poke(repository.url);
    return revision;
  };
  const source = (path = 'app') => ({ repoURL: repository.url, path, targetRevision: 'main' });
  const key = { namespace: 'argocd', name: 'shop' };
  const get = async (name: string) => await rig.client.get(ConfigMap, { namespace: 'default', name });
  const order = async (...names: readonly string[]): Promise<readonly string[]> => {
    const found = await Promise.all(names.map(async (name) => await get(name)));
    return found
      .map((object) => object as KubeObject)
      .sort((left, right) => Number(left.metadata.resourceVersion) - Number(right.metadata.resourceVersion))
      .map(({ metadata }) => metadata.name);
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

  it('applies waves in order and waits for each to be healthy', async () => {
    await repository.commit({
      'app/1.yaml': configMap('last', '1', { [`${ARGO}/sync-wave`]: '2' }),
      'app/2.yaml': job('middle', 'ok', { [`${ARGO}/sync-wave`]: '1' }),
      'app/3.yaml': configMap('first', '1', { [`${ARGO}/sync-wave`]: '-1' }),
    });
    await rig.application('shop', { source: source() });
    await rig.untilApplication('shop', isSettled);
    assert.deepEqual(await order('last', 'first'), ['first', 'last']);
    const done = await rig.client.get(Job, { namespace: 'default', name: 'middle' });
    const last = await get('last');
    assert.ok(Number(done?.metadata.resourceVersion) < Number(last?.metadata.resourceVersion));
  });

  it('keeps integers of custom resources that no JavaScript number holds, and finds them in sync', async () => {
    const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: serials.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: serials, kind: Serial}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`;
    const serial = (value: string): string =>
      `apiVersion: example.com/v1\nkind: Serial\nmetadata: {name: s}\nspec: {value: ${value}}\n`;
    const Serial = { apiVersion: 'example.com/v1', kind: 'Serial' } as KindOf<
      KubeObject & { spec: { value: unknown } }
    >;
    const value = async (): Promise<unknown> =>
      (await rig.client.get(Serial, { namespace: 'default', name: 's' }))?.spec.value;
    await repository.commit({ 'app/crd.yaml': definition, 'app/s.yaml': serial('9007199254740993') });
    await rig.application('shop', { source: source() });
    await rig.untilApplication('shop', isSettled);
    assert.equal(await value(), 9007199254740993n);
    const revision = await push({ 'app/s.yaml': serial('9007199254740995') });
    await rig.untilApplication('shop', (app) => isSettled(app) && app.status?.sync?.revision === revision);
    assert.equal(await value(), 9007199254740995n);
  });

  it('runs hooks by phase, again for each sync, and deletes them as their policies say', async () => {
    const hooks = {
      'app/pre.yaml': job('pre', 'ok', { [`${ARGO}/hook`]: 'PreSync' }),
      'app/post.yaml': job('post', 'ok', {
        [`${ARGO}/hook`]: 'PostSync',
        [`${ARGO}/hook-delete-policy`]: 'HookSucceeded',
      }),
      'app/fail.yaml': job('fail', 'ok', { [`${ARGO}/hook`]: 'SyncFail' }),
      'app/skip.yaml': job('skip', 'ok', { 'helm.sh/hook': 'test' }),
    };
    await repository.commit({ ...hooks, 'app/a.yaml': configMap('a') });
    await rig.application('shop', { source: source() });
    const synced = await rig.untilApplication('shop', isSettled);
    const results = synced.status?.operationState?.syncResult?.resources ?? [];
    assert.deepEqual(
      results
        .map(({ name, syncPhase, hookPhase }) => `${name} ${syncPhase} ${hookPhase}`)
        .sort((left, right) => (left < right ? -1 : 1)),
      ['a Sync Succeeded', 'post PostSync Succeeded', 'pre PreSync Succeeded'],
    );
    assert.deepEqual(
      synced.status?.resources?.map(({ name }) => name),
      ['a'],
    );
    await rig.until(Job, { namespace: 'default', name: 'post' }, (live) => live === undefined);
    const pre = await rig.client.get(Job, { namespace: 'default', name: 'pre' });
    const revision = await push({ 'app/a.yaml': configMap('a', '2') });
    await rig.untilApplication('shop', (app) => isSettled(app) && app.status?.sync?.revision === revision);
    const again = await rig.client.get(Job, { namespace: 'default', name: 'pre' });
    assert.notEqual(again?.metadata.uid, pre?.metadata.uid);
    assert.equal(await rig.client.get(Job, { namespace: 'default', name: 'skip' }), undefined);
  });

  it('applies nothing when a PreSync hook fails, runs SyncFail hooks, and stays with what was healthy', async () => {
    const healthy = await repository.commit({ 'app/a.yaml': configMap('a') });
    const syncPolicy = {
      automated: { prune: true, selfHeal: true },
      retry: { limit: 1, backoff: { duration: '100ms' } },
    };
    await rig.application('shop', { source: source(), syncPolicy });
    await rig.untilApplication('shop', isSettled);
    const bad = await push({
      'app/a.yaml': configMap('a', '2'),
      'app/pre.yaml': job('pre', 'fail', { [`${ARGO}/hook`]: 'PreSync' }),
      'app/alarm.yaml': job('alarm', 'ok', { [`${ARGO}/hook`]: 'SyncFail' }),
    });
    const failed = await rig.untilApplication(
      'shop',
      (app) => app.status?.quarantine?.some(({ revision }) => revision === bad) === true,
    );
    assert.match(failed.status?.quarantine?.[0]?.reason ?? '', /hook batch\/Job\/pre: .*exit code 3/);
    assert.equal(failed.status?.operationState?.retryCount, 1);
    assert.ok(await rig.client.get(Job, { namespace: 'default', name: 'alarm' }));
    assert.equal((await get('a'))?.data?.['value'], '1');
    assert.equal(failed.status?.history?.at(-1)?.revision, healthy);
  });

  it('takes up a sync where a crash has left it, and runs no hook twice', async () => {
    await repository.commit({
      'app/pre.yaml': job('pre', 'hang', { [`${ARGO}/hook`]: 'PreSync' }),
      'app/a.yaml': configMap('a'),
    });
    await rig.application('shop', { source: source() });
    const pre = await rig.until(Job, { namespace: 'default', name: 'pre' }, (live) => (live?.status?.active ?? 0) > 0);
    await rig.restart();
    await rig.restart();
    assert.equal(await get('a'), undefined);
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const live = await rig.client.get(Job, { namespace: 'default', name: 'pre' });
    assert.equal(live?.metadata.uid, pre?.metadata.uid);
    const conditions = [
      { type: 'SuccessCriteriaMet', status: 'True', lastTransitionTime: now, lastProbeTime: now },
      { type: 'Complete', status: 'True', lastTransitionTime: now, lastProbeTime: now },
    ];
    const body = { status: { conditions, succeeded: 1, active: 0, completionTime: now, ready: 0 } };
    await rig.client.patch(
      Job,
      { namespace: 'default', name: 'pre' },
      { type: 'merge', body },
      { subresource: 'status' },
    );
    await rig.untilApplication('shop', isSettled);
    assert.equal((await rig.client.get(Job, { namespace: 'default', name: 'pre' }))?.metadata.uid, pre?.metadata.uid);
  });

  it('applies a definition and its objects in one commit, and makes the namespace', async () => {
    await repository.commit({
      'app/0.yaml': `apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: g}\nspec: {size: 3}\n`,
      'app/1.yaml': `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: gadgets.example.com}\nspec:\n  group: example.com\n  scope: Namespaced\n  names: {kind: Gadget, plural: gadgets, singular: gadget, listKind: GadgetList}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}\n`,
      'app/2.yaml': configMap('a'),
    });
    await rig.application('shop', {
      source: source(),
      destination: { server: 'https://kubernetes.default.svc', namespace: 'made' },
      syncPolicy: {
        automated: {},
        syncOptions: ['CreateNamespace=true'],
        managedNamespaceMetadata: { labels: { team: 'blue' }, annotations: {} },
      },
    });
    await rig.untilApplication('shop', isSettled);
    const gadget = await rig.client.get(
      { apiVersion: 'example.com/v1', kind: 'Gadget' },
      { namespace: 'made', name: 'g' },
    );
    assert.deepEqual(gadget?.['spec'], { size: 3 });
    assert.equal((await rig.client.get(Namespace, { name: 'made' }))?.metadata.labels?.['team'], 'blue');
  });

  it('prunes only what the application itself has created', async () => {
    await repository.commit({
      'app/a.yaml': configMap('a'),
      'app/keep.yaml': configMap('keep', '1', { [`${ARGO}/sync-options`]: 'Prune=false' }),
      'app/b.yaml': configMap('b'),
    });
    await rig.application('shop', { source: source() });
    await rig.untilApplication('shop', isSettled);
    const original = await get('b');
    const copy = { ...original?.metadata.annotations };
    await rig.client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'copy', namespace: 'default', annotations: copy },
    });
    await rig.client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'foreign', namespace: 'default' },
    });
    await push({ 'app/b.yaml': null, 'app/keep.yaml': null });
    await rig.until(ConfigMap, { namespace: 'default', name: 'b' }, (live) => live === undefined);
    const app = await rig.untilApplication(
      'shop',
      (now) =>
        now.status?.resources?.some(({ name, requiresPruning }) => name === 'keep' && requiresPruning) === true &&
        now.status?.operationState?.phase === 'Succeeded',
    );
    assert.equal(app.status?.sync?.status, 'OutOfSync');
    for (const name of ['copy', 'foreign', 'keep']) assert.ok(await get(name), name);
  });

  it('does not prune or sync by itself when nobody asked for it, and does on request', async () => {
    const first = await repository.commit({ 'app/a.yaml': configMap('a'), 'app/b.yaml': configMap('b') });
    await rig.application('shop', { source: source(), syncPolicy: {} });
    await rig.untilApplication(
      'shop',
      (app) => app.status?.sync?.status === 'OutOfSync' && app.status.health?.status === 'Missing',
    );
    assert.equal(await get('a'), undefined);
    const request = async (sync: object): Promise<void> => {
      await rig.client.patch(Application, key, {
        type: 'merge',
        body: { operation: { sync, initiatedBy: { username: 'ada' } } },
      });
    };
    await request({ resources: [{ kind: 'ConfigMap', name: 'a' }] });
    const partly = await rig.untilApplication('shop', (app) => app.status?.operationState?.phase === 'Succeeded');
    assert.equal(partly.operation, undefined);
    assert.ok(await get('a'));
    assert.equal(await get('b'), undefined);
    assert.deepEqual(partly.status?.history ?? [], []);
    await request({});
    await rig.untilApplication('shop', isSettled);
    const second = await push({ 'app/b.yaml': null, 'app/a.yaml': configMap('a', '2') });
    await rig.untilApplication(
      'shop',
      (app) => app.status?.sync?.revision === second && app.status.sync.status === 'OutOfSync',
    );
    await request({});
    await rig.untilApplication(
      'shop',
      (app) => app.operation === undefined && app.status?.operationState?.syncResult?.revision === second,
    );
    assert.ok(await get('b'));
    await request({ prune: true });
    await rig.untilApplication('shop', isSettled);
    assert.equal(await get('b'), undefined);
    // Back to the first revision by its name: what `app rollback` does.
    await request({ revision: first });
    await rig.until(ConfigMap, { namespace: 'default', name: 'b' }, (live) => live !== undefined);
    assert.equal((await get('a'))?.data?.['value'], '1');
  });

  it('never removes everything unless that is permitted', async () => {
    await repository.commit({ 'app/a.yaml': configMap('a') });
    await rig.application('shop', { source: source() });
    await rig.untilApplication('shop', isSettled);
    const empty = await push({ 'app/a.yaml': null, 'app/kustomization.txt': '' });
    await rig.untilApplication(
      'shop',
      (app) => app.status?.conditions?.some(({ reason }) => reason === 'NoManifests') === true,
    );
    assert.ok(await get('a'));
    await rig.client.patch(Application, key, {
      type: 'merge',
      body: { spec: { syncPolicy: { automated: { allowEmpty: true } } } },
    });
    await rig.until(ConfigMap, { namespace: 'default', name: 'a' }, (live) => live === undefined);
    await rig.untilApplication(
      'shop',
      (app) => app.status?.sync?.status === 'Synced' && app.status.sync.revision === empty,
    );
  });

  it('leaves ignored differences alone', async () => {
    await repository.commit({ 'app/a.yaml': configMap('a') });
    await rig.application('shop', {
      source: source(),
      ignoreDifferences: [{ group: '', kind: 'ConfigMap', jqPathExpressions: ['.data.value'] }],
      syncPolicy: { automated: { selfHeal: true }, syncOptions: ['RespectIgnoreDifferences=true'] },
    });
    await rig.untilApplication('shop', isSettled);
    await rig.client.patch(
      ConfigMap,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { data: { value: 'mine' } } },
    );
    await push({ 'app/a.yaml': `${configMap('a')}  more: "1"\n` });
    await rig.until(ConfigMap, { namespace: 'default', name: 'a' }, (live) => live?.data?.['more'] === '1');
    assert.equal((await get('a'))?.data?.['value'], 'mine');
    await rig.untilApplication('shop', isSettled);
  });

  it('deletes the highest wave first, keeps what is to be kept, and orphans without a finalizer', async () => {
    await repository.commit({
      'app/a.yaml': configMap('a', '1', { [`${ARGO}/sync-wave`]: '1' }),
      'app/b.yaml': configMap('b'),
      'app/keep.yaml': configMap('keep', '1', { 'helm.sh/resource-policy': 'keep' }),
      'app/stay.yaml': configMap('stay', '1', { [`${ARGO}/sync-options`]: 'Delete=false' }),
      'orphan/o.yaml': configMap('o'),
    });
    await rig.application('shop', { source: source() });
    await rig.application('orphan', { source: source('orphan') });
    await rig.untilApplication('shop', isSettled);
    await rig.untilApplication('orphan', isSettled);
    const finalizers = ['resources-finalizer.argocd.argoproj.io'];
    await rig.client.patch(Application, key, { type: 'merge', body: { metadata: { finalizers } } });
    const removed: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const event of rig.client.watch(ConfigMap, { namespace: 'default' }, stop.signal)) {
        if (event.type === 'deleted') removed.push(event.object.metadata.name);
      }
    })();
    await rig.client.delete(Application, key);
    await rig.client.delete(Application, { namespace: 'argocd', name: 'orphan' });
    await rig.until(Application, key, (app) => app === undefined);
    stop.abort();
    await watching.catch(() => undefined);
    assert.deepEqual(removed, ['a', 'b']);
    for (const name of ['keep', 'stay', 'o']) assert.ok(await get(name), name);
  });

  it('waits for the applications that it depends on', async () => {
    await repository.commit({ 'app/a.yaml': configMap('a'), 'base/b.yaml': configMap('b') });
    await rig.application('shop', { source: source(), dependsOn: [{ name: 'base' }] });
    const waiting = await rig.untilApplication(
      'shop',
      (app) => app.status?.conditions?.some(({ reason }) => reason === 'WaitingForDependency') === true,
    );
    assert.match(waiting.status?.conditions?.[0]?.message ?? '', /argocd\/base/);
    assert.equal(await get('a'), undefined);
    await rig.application('base', { source: source('base') });
    await rig.untilApplication('shop', isSettled);
    assert.deepEqual(await order('a', 'b'), ['b', 'a']);
  });

  it('keeps projects apart', async () => {
    await repository.commit({
      'app/a.yaml': configMap('a'),
      'ns/n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: grabbed}\n',
    });
    await rig.client.create<AppProject>({
      ...AppProject,
      metadata: { name: 'tight', namespace: 'argocd' },
      spec: { sourceRepos: [repository.url], destinations: [{ server: '*', namespace: 'default' }] },
    });
    const says = (text: RegExp) => (app: Application) =>
      app.status?.conditions?.some(({ message }) => text.test(message)) === true;
    await rig.application('shop', { source: source(), project: 'tight' });
    await rig.untilApplication('shop', isSettled);
    await rig.application('cluster', { source: source('ns'), project: 'tight' });
    await rig.untilApplication('cluster', says(/n\.yaml:1: Namespace "grabbed" is not permitted/));
    await rig.application('away', {
      source: source(),
      project: 'tight',
      destination: { server: 'https://kubernetes.default.svc', namespace: 'kube-system' },
    });
    await rig.untilApplication('away', says(/destination/));
    assert.equal(await rig.client.get(Namespace, { name: 'grabbed' }), undefined);
  });

  it('says when two applications want the same object, and does not fight over it', async () => {
    await repository.commit({ 'app/a.yaml': configMap('a', 'one'), 'two/a.yaml': configMap('a', 'two') });
    await rig.application('shop', { source: source() });
    await rig.untilApplication('shop', isSettled);
    await rig.application('two', { source: source('two') });
    await rig.untilApplication('two', isSettled);
    const robbed = await rig.untilApplication(
      'shop',
      (app) => app.status?.conditions?.some(({ type }) => type === 'SharedResourceWarning') === true,
    );
    assert.equal(robbed.status?.sync?.status, 'OutOfSync');
    assert.equal((await get('a'))?.data?.['value'], 'two');
  });

  it('ends an operation when it is told to', async () => {
    await repository.commit({
      'app/pre.yaml': job('pre', 'hang', { [`${ARGO}/hook`]: 'PreSync' }),
      'app/a.yaml': configMap('a'),
    });
    await rig.application('shop', { source: source() });
    await rig.until(Job, { namespace: 'default', name: 'pre' }, (live) => live !== undefined);
    await rig.untilApplication('shop', (app) => app.status?.operationState?.phase === 'Running');
    await rig.client.patch(Application, key, {
      type: 'merge',
      body: { status: { operationState: { phase: 'Terminating' } } },
    });
    const ended = await rig.untilApplication('shop', (app) => app.status?.operationState?.phase === 'Failed');
    assert.match(ended.status?.operationState?.message ?? '', /terminated/);
    await rig.until(Job, { namespace: 'default', name: 'pre' }, (live) => live === undefined);
    assert.equal(await get('a'), undefined);
  });

  it('deploys applications that an application deploys', async () => {
    await repository.commit({
      'root/child.yaml': `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: child, namespace: argocd, finalizers: [resources-finalizer.argocd.argoproj.io]}\nspec:\n  project: default\n  source: {repoURL: "${repository.url}", path: app, targetRevision: main}\n  destination: {server: "https://kubernetes.default.svc", namespace: default}\n  syncPolicy: {automated: {prune: true, selfHeal: true}}\n`,
      'root/other.yaml': configMap('other'),
      'app/a.yaml': configMap('a'),
    });
    await rig.application('root', { source: source('root') });
    await rig.untilApplication('child', isSettled);
    const root = await rig.untilApplication('root', isSettled);
    assert.equal(root.status?.summary?.isAppOfApps, true);
    await push({ 'root/child.yaml': null });
    await rig.until(ConfigMap, { namespace: 'default', name: 'a' }, (live) => live === undefined);
    await rig.until(Application, { namespace: 'argocd', name: 'child' }, (app) => app === undefined);
  });

  it('refreshes when it is asked to, and leaves an application alone that says so', async () => {
    await repository.commit({ 'app/a.yaml': configMap('a') });
    await rig.application('shop', { source: source() });
    await rig.untilApplication('shop', isSettled);
    const revision = await repository.commit({ 'app/a.yaml': configMap('a', '2') });
    const annotations = { [`${ARGO}/refresh`]: 'normal' };
    await rig.client.patch(Application, key, { type: 'merge', body: { metadata: { annotations } } });
    const refreshed = await rig.untilApplication(
      'shop',
      (app) => isSettled(app) && app.status?.sync?.revision === revision,
    );
    assert.equal(refreshed.metadata.annotations?.[`${ARGO}/refresh`], undefined);
    const skip = { [`${ARGO}/skip-reconcile`]: 'true' };
    await rig.client.patch(Application, key, { type: 'merge', body: { metadata: { annotations: skip } } });
    await rig.client.patch(
      ConfigMap,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { data: { value: 'mine' } } },
    );
    await push({ 'app/a.yaml': configMap('a', '3') });
    assert.equal((await get('a'))?.data?.['value'], 'mine');
    await rig.client.patch(Application, key, {
      type: 'merge',
      body: { metadata: { annotations: { [`${ARGO}/skip-reconcile`]: null } } },
    });
    await rig.until(ConfigMap, { namespace: 'default', name: 'a' }, (live) => live?.data?.['value'] === '3');
  });

  it('tells what it does in events', async () => {
    await repository.commit({ 'app/a.yaml': configMap('a') });
    await rig.application('shop', { source: source() });
    await rig.untilApplication('shop', isSettled);
    const seen = new Set<string>();
    const stop = new AbortController();
    for await (const event of rig.client.watch(Event, { namespace: 'argocd' }, stop.signal)) {
      if (event.type !== 'bookmark') seen.add(event.object.reason ?? '');
      if (seen.has('OperationStarted') && seen.has('OperationCompleted')) break;
    }
    stop.abort();
  });

  it('finds the reason of a failing pod for its condition', async () => {
    const web = (tag: string): string =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  progressDeadlineSeconds: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: c, image: "web:${tag}"}]}\n`;
    await repository.commit({ 'app/web.yaml': web('bad') });
    await rig.application('shop', {
      source: source(),
      syncPolicy: { automated: {}, rollback: { healthTimeout: '10s' } },
    });
    const failed = await rig.untilApplication('shop', (app) => app.status?.operationState?.phase === 'Failed');
    assert.match(failed.status?.operationState?.message ?? '', /ImagePullBackOff/);
    const patched = await rig.client.get(Deployment, { namespace: 'default', name: 'web' });
    assert.ok(patched);
    assert.deepEqual(failed.status?.quarantine, []);
  });

  it('deploys several sources as one application', async () => {
    const revision = await repository.commit({ 'one/a.yaml': configMap('a'), 'two/b.yaml': configMap('b') });
    const other = await server.createRepository('other');
    const second = await other.commit({ 'c.yaml': configMap('c') });
    const sources = [source('one'), source('two'), { repoURL: other.url, path: '.', targetRevision: 'main' }];
    await rig.client.create<Application>({
      ...Application,
      metadata: { name: 'shop', namespace: 'argocd' },
      spec: {
        project: 'default',
        sources,
        destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
        syncPolicy: { automated: { prune: true } },
      },
    });
    const app = await rig.untilApplication('shop', isSettled);
    assert.deepEqual(app.status?.sync?.revisions, [revision, revision, second]);
    for (const name of ['a', 'b', 'c']) assert.ok(await get(name), name);
    await other.commit({ 'c.yaml': configMap('c', '2') });
    await rig.operator.poke(other.url);
    await rig.until(ConfigMap, { namespace: 'default', name: 'c' }, (live) => live?.data?.['value'] === '2');
  });
});
