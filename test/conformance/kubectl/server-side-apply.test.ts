import assert from 'node:assert/strict';
import { KubectlUnderTest, NAMES } from './kubectl-under-test.js';
import { configMap, pod } from './manifests.js';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const STATUS = `
apiVersion: v1
kind: Pod
metadata: {name: test-pod}
status: {conditions: [{type: example.io/Foo, status: "True"}]}
`;

describe('kubectl apply --server-side', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;
  let podFile: string;
  let changedFile: string;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('server-side');
    podFile = kubectl.file('pod.yaml', pod('test-pod', { labels: { name: 'first' } }));
    changedFile = kubectl.file('pod-changed.yaml', pod('test-pod', { labels: { name: 'second' } }));
  });

  afterEach(() => kubectl.ok('delete pods,configmaps --all --wait=false'));
  after(() => kubectl.stop());

  const apply = (manifest: string, flags = ''): Promise<string> =>
    kubectl.ok(`apply --server-side ${flags} -f -`, { input: manifest });
  const applyByClient = (manifest: string, flags = ''): Promise<string> =>
    kubectl.ok(`apply --server-side=false ${flags} -f -`, { input: manifest });
  const dataOf = (name: string): Promise<string> => kubectl.ok(`get configmap ${name} -o jsonpath={.data}`);

  it('makes the object, under the name of the manager', async () => {
    assert.equal(await kubectl.ok(`apply --server-side -f ${podFile}`), 'pod/test-pod serverside-applied');
    assert.deepEqual(await kubectl.managers('pod test-pod'), ['kubectl']);
    await kubectl.ok(`apply --server-side --field-manager=mine --force-conflicts -f ${podFile}`);
    // Who changed nothing has no time, and comes first.
    assert.deepEqual(await kubectl.managers('pod test-pod'), ['mine', 'kubectl']);
  });

  it('applies to the status as well', async () => {
    await kubectl.ok(`apply --server-side -f ${podFile}`);
    await apply(STATUS, '--subresource=status --field-manager=mine');
    await kubectl.is('pod test-pod', '{{range .status.conditions}}{{.type}}:{{end}}', 'example.io/Foo:');
    await kubectl.is('pod test-pod', '{{.metadata.labels.name}}', 'first');
  });

  it('a dry run stores nothing', async () => {
    const dry = 'pod/test-pod serverside-applied (server dry run)';
    assert.equal(await kubectl.ok(`apply --server-side --dry-run=server -f ${podFile}`), dry);
    await kubectl.is('pods', NAMES, '');
    await kubectl.ok(`apply --server-side -f ${podFile}`);
    const version = await kubectl.ok('get pod test-pod -o jsonpath={.metadata.resourceVersion}');
    assert.equal(await kubectl.ok(`apply --server-side --dry-run=server -f ${changedFile}`), dry);
    await kubectl.is('pod test-pod', '{{.metadata.labels.name}} {{.metadata.resourceVersion}}', `first ${version}`);
  });

  it('takes over from client-side apply and hands back', async () => {
    await kubectl.ok(`apply -f ${podFile}`);
    const said = await kubectl.fails(`apply --server-side --field-manager=not-kubectl -f ${changedFile}`);
    assert.match(said, /Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: \.metadata/);
    assert.match(said, /Please review the fields above--they currently have other managers/);

    await kubectl.ok(`apply --server-side -f ${changedFile}`);
    assert.match(await kubectl.ok('get pod test-pod -o yaml'), new RegExp(LAST_APPLIED));
    assert.match(await kubectl.ok('apply view-last-applied pod/test-pod -o json'), /"name": "second"/);
    await kubectl.ok(`apply --server-side -f ${podFile}`);
    assert.match(await kubectl.ok('apply view-last-applied pod/test-pod -o json'), /"name": "first"/);
    assert.equal(await kubectl.ok(`apply -f ${changedFile}`), 'pod/test-pod configured');
    await kubectl.is('pod test-pod', '{{.metadata.labels.name}}', 'second');
  });

  it('fields that one side made are the other side’s to remove', async () => {
    const begun = configMap('moved', { key: 'value', legacy: 'unused' });
    const bySide = configMap('moved', { key: 'value', ssaKey: 'ssaValue' });
    await applyByClient(begun);
    await apply(begun);
    await apply(bySide);
    assert.deepEqual(JSON.parse(await dataOf('moved')), { key: 'value', ssaKey: 'ssaValue' });
    await applyByClient(configMap('moved', { key: 'value', newKey: 'newValue' }));
    assert.deepEqual(JSON.parse(await dataOf('moved')), { key: 'value', newKey: 'newValue' });
    await apply(bySide);
    assert.deepEqual(JSON.parse(await dataOf('moved')), { key: 'value', ssaKey: 'ssaValue' });

    const wanted = configMap('moved', { key: 'value', newKey: 'newValue' }, { annotations: { added: 'yes' } });
    const { code, out } = await kubectl.run('diff --server-side -f -', { input: wanted });
    assert.equal(code, 1);
    assert.match(out, /^\+ {2}newKey: newValue$/m);
    assert.match(out, /^\+ {4}added: "?yes"?$/m);
    assert.match(out, /^- {2}ssaKey: ssaValue$/m);
  });

  it('a manager of one’s own moves over as well, and the annotation goes', async () => {
    const manager = '--field-manager=myfm';
    await applyByClient(configMap('own', { key: 'value1', legacy: 'value2' }), manager);
    assert.match(await kubectl.ok('get configmap own -o yaml'), new RegExp(LAST_APPLIED));
    await apply(configMap('own', { key: 'value1', legacy: 'value2' }), manager);
    assert.doesNotMatch(await kubectl.ok('get configmap own -o yaml'), new RegExp(LAST_APPLIED));
    await apply(configMap('own', { key: 'value2' }), manager);
    assert.deepEqual(JSON.parse(await dataOf('own')), { key: 'value2' });
  });

  it('what two managers set, only force gives to one', async () => {
    await apply(configMap('shared', { key: 'one' }), '--field-manager=first');
    const said = await kubectl.fails('apply --server-side --field-manager=second -f -', {
      input: configMap('shared', { key: 'two' }),
    });
    assert.match(said, /error: Apply failed with 1 conflict: conflict with "first": \.data\.key/);
    await apply(configMap('shared', { key: 'two' }), '--field-manager=second --force-conflicts');
    assert.deepEqual(await kubectl.managers('configmap shared'), ['second']);
  });

  it('is what `create --field-manager` and `label` name themselves', async () => {
    await kubectl.ok('create configmap named --from-literal=a=b --field-manager=maker');
    await kubectl.ok('label configmap named tier=front --field-manager=labeller');
    await kubectl.ok('annotate configmap named note=yes');
    assert.deepEqual(
      new Set(await kubectl.managers('configmap named')),
      new Set(['kubectl-annotate', 'labeller', 'maker']),
    );
    const hidden = await kubectl.ok('get configmap named -o yaml');
    assert.doesNotMatch(hidden, /managedFields/);
  });
});
