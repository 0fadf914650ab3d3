import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubectlUnderTest, NAMES } from './kubectl-under-test.js';
import { configMap, definition, deployment, pod } from './manifests.js';

const LAST_APPLIED = /kubectl\.kubernetes\.io\/last-applied-configuration/;

const volumes = (strategy: string, volume: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: retained}
spec:
  selector: {matchLabels: {app: retained}}
  strategy: ${strategy}
  template:
    metadata: {labels: {app: retained}}
    spec:
      containers: [{name: main, image: pause}]
      volumes: [{name: cache, ${volume}}]
`;

const NULLS = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: nulls}
spec:
  selector: {matchLabels: {l1: l1}}
  template:
    metadata: {labels: {l1: l1}}
    spec:
      containers:
      - {name: main, image: pause, terminationMessagePolicy: null, resources: {requests: {memory: 64Mi, cpu: null}}}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: nulls}, spec: {hard: {limits.cpu: null, limits.memory: null}}}
`;

const claim = (name: string): string => `---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: ${name}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10G}}}
`;

const service = (clusterIP: string): string => `
apiVersion: v1
kind: Service
metadata: {name: a, labels: {prune-group: "true"}}
spec: {clusterIP: ${clusterIP}, ports: [{port: 80}], selector: {app: test}}
`;

const KINDS = {
  group: 'mygroup.example.com',
  version: 'v1alpha1',
  plural: 'resources',
  singular: 'resource',
  kind: 'Kind',
};

describe('kubectl apply', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;
  let podFile: string;
  let changedFile: string;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('apply');
    podFile = kubectl.file('pod.yaml', pod('test-pod', { labels: { name: 'first' } }));
    changedFile = kubectl.file('pod-changed.yaml', pod('test-pod', { labels: { name: 'second' } }));
  });

  after(() => kubectl.stop());

  describe('one object', () => {
    it('creates what is not there, and remembers what it was told', async () => {
      assert.equal(await kubectl.ok(`apply -f ${podFile}`), 'pod/test-pod created');
      await kubectl.is('pods test-pod', '{{.metadata.labels.name}}', 'first');
      assert.match(await kubectl.ok('get pods test-pod -o yaml'), LAST_APPLIED);
      assert.deepEqual(await kubectl.managers('pod test-pod'), ['kubectl-client-side-apply']);
      assert.equal(await kubectl.ok(`apply -f ${podFile}`), 'pod/test-pod unchanged');
      await kubectl.ok('delete pods test-pod');
    });

    it('set-last-applied adds the annotation afterwards, and in a dry run not', async () => {
      await kubectl.ok(`create -f ${podFile}`);
      const set = `apply set-last-applied -f ${podFile} --create-annotation=true`;
      for (const mode of ['client', 'server']) await kubectl.ok(`${set} --dry-run=${mode}`);
      assert.doesNotMatch(await kubectl.ok('get pods test-pod -o yaml'), LAST_APPLIED);
      await kubectl.ok(set);
      assert.match(await kubectl.ok('get pods test-pod -o yaml'), LAST_APPLIED);
      assert.match(await kubectl.ok('apply view-last-applied pod/test-pod'), /name: first/);
      await kubectl.ok('delete pods test-pod');
    });

    it('a dry run stores nothing', async () => {
      assert.equal(await kubectl.ok(`apply --dry-run=client -f ${podFile}`), 'pod/test-pod created (dry run)');
      assert.equal(await kubectl.ok(`apply --dry-run=server -f ${podFile}`), 'pod/test-pod created (server dry run)');
      await kubectl.is('pods', NAMES, '');
      await kubectl.ok(`apply -f ${podFile}`);
      const version = await kubectl.ok(`get -f ${podFile} -o jsonpath={.metadata.resourceVersion}`);
      const dry = await kubectl.ok(`apply --dry-run=server -f ${changedFile}`);
      assert.equal(dry, 'pod/test-pod configured (server dry run)');
      assert.equal(await kubectl.ok(`apply --dry-run=client -f ${changedFile}`), 'pod/test-pod configured (dry run)');
      await kubectl.is('pods test-pod', '{{.metadata.labels.name}} {{.metadata.resourceVersion}}', `first ${version}`);
      await kubectl.ok(`delete -f ${podFile}`);
    });

    it('clears fields that were defaulted for the choice before', async () => {
      const emptied = volumes('{type: RollingUpdate}', 'emptyDir: {}');
      await kubectl.ok('apply -f -', { input: emptied });
      const before = await kubectl.ok('get deployments retained -o yaml');
      for (const field of [/type: RollingUpdate/, /maxSurge: 25%/, /maxUnavailable: 25%/, /emptyDir/]) {
        assert.match(before, field);
      }
      await kubectl.ok('apply -f -', { input: volumes('{type: Recreate}', 'hostPath: {path: /tmp}') });
      const after = await kubectl.ok('get deployments retained -o yaml');
      assert.match(after, /type: Recreate/);
      assert.match(after, /hostPath/);
      assert.doesNotMatch(after.replaceAll(/^.*last-applied[^\n]*\n[^\n]*/gm, ''), /maxSurge|emptyDir/);
      await kubectl.ok('delete deployments retained');
    });

    it('nulls mean absence, at creation and afterwards', async () => {
      for (const _ of ['create', 'update']) {
        await kubectl.ok('apply -f -', { input: NULLS });
        const [at, cpu] = ['{.spec.template.spec.containers[0]', '.resources.requests.cpu}'];
        const read = `get deployment nulls -o jsonpath=${at}${cpu}${at}.resources.requests.memory}`;
        assert.equal(await kubectl.ok(`${read}${at}.terminationMessagePolicy}`), '64MiFile');
        assert.equal(await kubectl.ok('get resourcequota nulls -o jsonpath={.spec.hard.limits\\.cpu}'), '');
      }
      await kubectl.ok('delete deployment,resourcequota nulls');
    });

    it('a selector cannot change, and must select its pods', async () => {
      await kubectl.ok('apply -f -', { input: deployment('picky') });
      const other = deployment('picky').replace('matchLabels: {app: picky}', 'matchLabels: {app: other}');
      const said = await kubectl.fails('apply -f -', { input: other });
      assert.match(said, /^The Deployment "picky" is invalid: $/m);
      assert.match(
        said,
        /spec\.template\.metadata\.labels: Invalid value: \{"app":"picky"\}: `selector` does not match/,
      );
      assert.match(said, /spec\.selector: Invalid value: \{"matchLabels":\{"app":"other"\}\}: field is immutable/);
      const none = deployment('lost').replace(/selector: .*/, 'paused: false');
      assert.deepEqual((await kubectl.fails('create --validate=ignore -f -', { input: none })).split('\n'), [
        'The Deployment "lost" is invalid: ',
        '* spec.selector: Required value',
        '* spec.template.metadata.labels: Invalid value: {"app":"lost"}: `selector` does not match template `labels`',
      ]);
      await kubectl.ok('delete deployment picky');
    });

    it('--force makes anew what may not change', async () => {
      await kubectl.ok('apply -f -', { input: service('None') });
      assert.match(await kubectl.fails('apply -f -', { input: service('10.0.0.12') }), /may not change once set/);
      await kubectl.ok('apply --force -f -', { input: service('10.0.0.12') });
      await kubectl.is('services a', '{{.spec.clusterIP}}', '10.0.0.12');
      await kubectl.ok('delete services a');
    });
  });

  describe('several objects', () => {
    it('-l applies only what it selects', async () => {
      const input = pod('chosen', { labels: { unique: 'yes' } }) + pod('passed-over', { labels: { unique: 'no' } });
      await kubectl.ok('apply -l unique=yes -f -', { input });
      await kubectl.is('pods', NAMES, 'chosen:');
      assert.match(await kubectl.fails('get pods passed-over'), /pods "passed-over" not found/);
      await kubectl.ok('delete pods chosen');
    });

    it('-k builds a folder', async () => {
      const folder = join(kubectl.folder, 'built');
      mkdirSync(folder);
      writeFileSync(join(folder, 'objects.yaml'), configMap('map', { a: 'b' }) + deployment('hello'));
      writeFileSync(join(folder, 'kustomization.yaml'), 'namePrefix: test-\nresources: [objects.yaml]\n');
      await kubectl.ok(`apply -k ${folder}`);
      await kubectl.is('deployment/test-hello configmap/test-map', NAMES, 'test-hello:test-map:');
      const found = await kubectl.ok(`get -k ${folder} -o jsonpath={..metadata.name}`);
      assert.equal(found.split(' ').filter((name) => name.startsWith('test-')).length, 2);
      assert.match(await kubectl.ok(`apply --kustomize ${folder}`), /configmap\/test-map unchanged/);
      await kubectl.ok(`delete -k ${folder}`);
      await kubectl.is('deployments', NAMES, '');
    });

    it('what can be applied is, whatever becomes of the rest', async () => {
      const wrong = pod('pod-a') + pod('POD-B') + pod('pod-c');
      assert.match(await kubectl.fails('apply -f -', { input: wrong }), /The Pod "POD-B" is invalid/);
      await kubectl.is('pods', NAMES, 'pod-a:pod-c:');
      await kubectl.ok('delete pods pod-a pod-c');

      const bogus = `${configMap('foo', {})}---\n{apiVersion: example.com/v1, kind: Bogus, metadata: {name: foo}}\n`;
      const said = await kubectl.fails('apply -f -', { input: bogus });
      assert.match(said, /no matches for kind "Bogus" in version "example.com\/v1"/);
      await kubectl.ok('delete configmap foo');
    });

    it('a second run finds the namespace or the definition that the first made', async () => {
      const inside = `${pod('test-pod', { namespace: 'later' })}---\n{apiVersion: v1, kind: Namespace, metadata: {name: later}}\n`;
      assert.match(await kubectl.fails('apply -f -', { input: inside }), /namespaces "later" not found/);
      assert.match(await kubectl.fails('get pods test-pod -n later'), /pods "test-pod" not found/);
      await kubectl.ok('apply -f -', { input: inside });
      await kubectl.is('pods -n later', NAMES, 'test-pod:');
      await kubectl.ok('delete --wait=false -f -', { input: inside });

      const widget = '---\n{apiVersion: example.com/v1, kind: Widget, metadata: {name: foo}}\n';
      const both = widget + definition({ group: 'example.com', plural: 'widgets', singular: 'widget', kind: 'Widget' });
      assert.match(await kubectl.fails('apply -f -', { input: both }), /no matches for kind "Widget" in version/);
      await kubectl.ok('wait --for=condition=Established crd widgets.example.com');
      assert.match(await kubectl.fails('get widgets foo'), /widgets\.example\.com "foo" not found/);
      await kubectl.ok('apply -f -', { input: both });
      await kubectl.is('widget foo', '{{.metadata.name}}', 'foo');
      await kubectl.ok('delete -f -', { input: both });
    });

    it('a namespace in the file must be the one asked for', async () => {
      const input = pod('b', { namespace: 'nsb' });
      const said = await kubectl.fails('apply -n foo -f -', { input });
      assert.match(said, /the namespace from the provided object "nsb" does not match the namespace "foo"/);
    });

    it('a dry run of an own kind', async () => {
      await kubectl.ok('create -f -', { input: definition(KINDS) });
      await kubectl.ok('wait --for=condition=Established crd resources.mygroup.example.com');
      const input = '{apiVersion: mygroup.example.com/v1alpha1, kind: Kind, metadata: {name: myobj}}';
      const said = await kubectl.ok('apply --dry-run=server -f -', { input });
      assert.equal(said, 'kind.mygroup.example.com/myobj created (server dry run)');
      assert.match(await kubectl.fails('get resource.mygroup.example.com myobj'), /"myobj" not found/);
      await kubectl.ok('delete crd resources.mygroup.example.com');
    });
  });

  describe('--prune', () => {
    const labels = { 'prune-group': 'true' };
    let a: string;
    let b: string;

    before(async () => {
      a = kubectl.file('a.yaml', pod('a', { labels }));
      b = kubectl.file('b.yaml', pod('b', { labels, namespace: 'nsb' }));
      await kubectl.ok('create namespace nsb');
    });

    it('deletes what was applied with the label and is no longer there', async () => {
      await kubectl.ok(`apply -n nsb -l prune-group=true -f ${a}`);
      const said = await kubectl.ok(`apply -n nsb --prune -l prune-group=true -f ${b}`);
      assert.deepEqual(said.split('\n'), ['pod/b created', 'pod/a pruned']);
      await kubectl.becomes('pods -n nsb', NAMES, 'b:');
    });

    it('asks for --all when everything is meant', async () => {
      const said = await kubectl.fails(`apply --prune -f ${b}`);
      assert.match(said, /all resources selected for prune without explicitly passing --all/);
      await kubectl.ok(`apply -n nsb -f ${a}`);
      await kubectl.ok(`apply --prune --all -f ${b}`);
      await kubectl.becomes('pods -n nsb', NAMES, 'b:');
    });

    it('--prune-allowlist says which kinds may go', async () => {
      const svc = kubectl.file('svc.yaml', service('10.0.0.20'));
      await kubectl.ok(`apply --prune -l prune-group=true -f ${a}`);
      await kubectl.ok(`apply --prune -l prune-group=true -f ${svc} --prune-allowlist core/v1/Service`);
      await kubectl.is('pods', NAMES, 'a:');
      assert.match(await kubectl.ok(`apply --prune -l prune-group=true -f ${svc}`), /pod\/a pruned/);
      await kubectl.becomes('pods', NAMES, '');
      await kubectl.ok('delete svc a');
    });

    it('claims go as well, when nothing holds them', async () => {
      await kubectl.ok('apply --all --prune -f -', { input: claim('a-pvc') });
      const said = await kubectl.ok('apply --all --prune -f -', { input: claim('b-pvc') });
      assert.match(said, /persistentvolumeclaim\/a-pvc pruned/);
      await kubectl.becomes('pvc', NAMES, 'b-pvc:');
    });
  });

  describe('--applyset', () => {
    const env = { KUBECTL_APPLYSET: 'true' };
    const applied = (rest: string, input: string): Promise<string> =>
      kubectl.ok(`apply -n sets --prune --applyset=${rest} -f -`, { env, input });

    before(() => kubectl.ok('create namespace sets'));

    it('keeps the members in a parent, and prunes what is no longer one', async () => {
      assert.equal(await applied('mine', pod('a')), 'pod/a created');
      const said = await applied('secrets/mine', pod('b') + configMap('c', {}));
      assert.deepEqual(said.split('\n'), ['pod/b created', 'configmap/c created', 'pod/a pruned']);
      const parent = await kubectl.ok('get secret mine -n sets -o yaml');
      assert.match(parent, /applyset\.kubernetes\.io\/contains-group-kinds: ConfigMap,Pod/);
      const id = await kubectl.ok(
        'get secret mine -n sets -o jsonpath={.metadata.labels.applyset\\.kubernetes\\.io/id}',
      );
      await kubectl.is(`pods,configmaps -n sets -l applyset.kubernetes.io/part-of=${id}`, NAMES, 'b:c:');
      assert.match(await applied('secrets/mine --dry-run=server', pod('a')), /pod\/b pruned \(server dry run\)/);
      await kubectl.is('pods -n sets', NAMES, 'b:');
    });

    it('the parent may be a ConfigMap, and the apply on the server’s side', async () => {
      const said = await applied('configmaps/other --server-side', configMap('d', {}));
      assert.equal(said, 'configmap/d serverside-applied');
      const unknown = await kubectl.fails('apply -n sets --prune --applyset=nope/x -f -', { env, input: pod('a') });
      assert.match(unknown, /invalid parent reference "nope\/x"/);
    });
  });
});
