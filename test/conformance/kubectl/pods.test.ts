import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { KubectlUnderTest, NAMES } from './kubectl-under-test.js';

const pod = (name: string, more = ''): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {name: ${name}}}
spec:
  containers:
  - name: main
    image: pause:3.5
    resources: {limits: {cpu: '1', memory: 512Mi}}
${more}`;

const ENVIRONMENT = `    env:
    - {name: FROM_SECRET, valueFrom: {secretKeyRef: {name: keys, key: one}}}
    - {name: FROM_MAP, valueFrom: {configMapKeyRef: {name: words, key: two}}}
    - {name: FROM_POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
`;

const PRECISE = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'precise' },
  spec: {
    activeDeadlineSeconds: 2147483647,
    restartPolicy: 'Never',
    securityContext: { supplementalGroups: [0, 1000030003, 2147483647] },
    containers: [{ name: 'main', image: 'pause' }],
  },
});

const node = (version: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'spare', annotations: { a: 'b' }, resourceVersion: version },
  });

describe('kubectl and pods', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;
  let file: string;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('pods');
    file = kubectl.file('pod.yaml', pod('one'));
  });

  after(() => kubectl.stop());

  const create = (): Promise<string> => kubectl.ok(`create -f ${file}`);
  const remove = (): Promise<string> => kubectl.ok('delete pods --all --grace-period=0 --force');

  describe('deleting', () => {
    afterEach(remove);

    it('needs a name, a selector or --all, and takes not both', async () => {
      await create();
      assert.match(await kubectl.fails('delete pods'), /resource\(s\) were provided, but no name was specified/);
      assert.match(
        await kubectl.fails("delete --all pods -l 'name in (one)'"),
        /setting 'all' parameter but found a non empty selector/,
      );
      await kubectl.is('pods', NAMES, 'one:');
    });

    it('by name, now, without grace, by label, several at once, all of a file', async () => {
      for (const how of ['pod one', 'pod one --now', 'pod one --grace-period=0', "pods -l 'name in (one)' --force"]) {
        await create();
        await kubectl.ok(`delete ${how}`);
        await kubectl.is('pods', NAMES, '');
      }
      const two = kubectl.file('two.yaml', `${pod('one')}---${pod('two')}`);
      await kubectl.ok(`create -f ${two}`);
      await kubectl.is('pods', NAMES, 'one:two:');
      assert.match(await kubectl.ok('delete pods one two'), /^pod "one" deleted.*\npod "two" deleted/);
      await kubectl.ok(`create -f ${two}`);
      await kubectl.ok(`delete -f ${two}`);
      await kubectl.is('pods', NAMES, '');
    });

    it('leaves nothing that a dump could not be made of again', async () => {
      await create();
      const dump = await kubectl.ok('get pod one -o yaml');
      await kubectl.ok('delete pod one');
      await kubectl.ok('create -f -', { input: dump.replace(/^ {2}(uid|resourceVersion):.*\n/gm, '') });
      await kubectl.is('pods', NAMES, 'one:');
    });
  });

  describe('labels and annotations', () => {
    before(create);
    after(remove);

    it('are set, and by a dry run not', async () => {
      await kubectl.ok('label pods one more=1 --dry-run=client');
      await kubectl.ok('label pods one more=1 --dry-run=server');
      await kubectl.is('pod one', '{{range .metadata.labels}}{{.}}:{{end}}', 'one:');
      assert.equal(await kubectl.ok('label pods one more=1'), 'pod/one labeled');
      await kubectl.is('pod one', '{{range .metadata.labels}}{{.}}:{{end}}', '1:one:');
      await kubectl.ok('label pods one empty=');
      await kubectl.is('pod one', '{{.metadata.labels.empty}}', '');
      await kubectl.ok('annotate pods one empty= --dry-run=server');
      await kubectl.is('pod one', '{{.metadata.annotations.empty}}', '<no value>');
      await kubectl.ok('annotate pods one empty=');
      await kubectl.is('pod one', '{{.metadata.annotations.empty}}', '');
      assert.match(await kubectl.ok(`annotate --local -f ${file} a=b -o yaml`), /a: b/);
    });

    it('are overwritten only when that is asked for', async () => {
      assert.match(await kubectl.fails('label pods one name=other'), /'name' already has a value \(one\)/);
      await kubectl.ok('label --overwrite pods --all name=other');
      await kubectl.is('pod one', '{{.metadata.labels.name}}', 'other');
    });

    it('remember their command, and their managers', async () => {
      await kubectl.ok('label pods one first=1 --record=true');
      await kubectl.ok('label pods one second=2 --record=false');
      await kubectl.is('pod one', '{{range .metadata.annotations}}{{.}}{{end}}', /first=1 --record=true/);
      const managers = await kubectl.managers('pod one');
      for (const manager of ['kubectl-create', 'kubectl-label', 'kubectl-annotate']) {
        assert.ok(managers.includes(manager), managers.join(' '));
      }
    });
  });

  describe('patches', () => {
    before(create);
    after(remove);

    const image = '{{range .items}}{{(index .spec.containers 0).image}}{{end}}';
    const patch = (body: string, more = ''): string[] => ['patch', 'pod', 'one', `--patch=${body}`, ...more.split(' ')];

    it('change an image in every form', async () => {
      const strategic = JSON.stringify({ spec: { containers: [{ name: 'main', image: 'a' }] } });
      assert.equal(await kubectl.ok(patch(strategic, '--record')), 'pod/one patched');
      await kubectl.is('pods', image, 'a');
      await kubectl.is('pod one', '{{range $key, $value := .metadata.annotations}}{{$key}}{{end}}', /change-cause/);
      const json = JSON.stringify([{ op: 'replace', path: '/spec/containers/0/image', value: 'b' }]);
      await kubectl.ok(patch(json, '--type=json'));
      await kubectl.is('pods', image, 'b');
      await kubectl.ok(patch('spec:\n  containers:\n  - name: main\n    image: c\n', '--dry-run=server'));
      await kubectl.is('pods', image, 'b');
      await kubectl.ok(patch('spec:\n  containers:\n  - name: main\n    image: c\n', '--dry-run=none'));
      await kubectl.is('pods', image, 'c');
      await kubectl.ok(['patch', '-f', file, `--patch=${strategic}`]);
      await kubectl.is('pods', image, 'a');
      assert.match(await kubectl.ok(['patch', '--local', '-f', file, `-p=${strategic}`, '-o', 'yaml']), /image: a/);
      assert.ok((await kubectl.managers('pod one')).includes('kubectl-patch'));
    });

    it('that change nothing say so', async () => {
      assert.equal(await kubectl.ok(patch('{"metadata":{"labels":{"name":"one"}}}', '-o=name')), 'pod/one');
      assert.match(
        await kubectl.ok(patch('{"metadata":{"labels":{"name":"one"}}}', '--dry-run=none')),
        /patched \(no change\)/,
      );
    });

    it('that make no pod of it are invalid', async () => {
      assert.equal(
        await kubectl.fails(patch('{"metadata":{"labels":"wrong"}}', '--type=strategic')),
        'The request is invalid: patch: Invalid value: "map[metadata:map[labels:wrong]]": cannot restore map from string',
      );
      assert.equal(
        await kubectl.fails(patch('{"spec":{"containers":"wrong"}}', '--type=strategic')),
        'The request is invalid: patch: Invalid value: "map[spec:map[containers:wrong]]": cannot restore slice from string',
      );
      assert.match(
        await kubectl.fails(patch('{"metadata":{"labels":"wrong"}}', '--type=merge')),
        /^The request is invalid: patch: Invalid value: "\{.*\}": json: cannot unmarshal string into Go struct field/,
      );
    });

    it('hold only for the version that they name', async () => {
      const version = await kubectl.ok('get pod one -o jsonpath={.metadata.resourceVersion}');
      const body = (resourceVersion: string): string =>
        JSON.stringify({ metadata: { resourceVersion, labels: { version } } });
      assert.match(
        await kubectl.fails(patch(body(`${version}00`), '--type=merge')),
        /Operation cannot be fulfilled on pods "one".*please apply your changes to the latest version and try again$/,
      );
      await kubectl.ok(patch(body(version), '--type=strategic'));
    });

    it('keep great numbers exact', async () => {
      await kubectl.ok('create -f -', { input: PRECISE });
      await kubectl.ok(['patch', 'pod', 'precise', '-p', '{"metadata":{"annotations":{"key":"value"}}}']);
      await kubectl.ok('label pod precise key=value');
      await kubectl.is('pod precise', '{{.spec.securityContext.supplementalGroups}}', '[0 1000030003 2147483647]');
      await kubectl.is('pod precise', '{{.metadata.annotations.key}}{{.metadata.labels.key}}', 'valuevalue');
    });
  });

  describe('replacing and editing', () => {
    before(create);
    after(remove);

    it('replaces by force what cannot be changed', async () => {
      const other = (await kubectl.ok('get pod one -o json')).replaceAll('"main"', '"other"');
      const changed = kubectl.file('changed.json', other);
      assert.match(await kubectl.fails(`replace -f ${changed}`), /spec: Forbidden: pod updates may not change fields/);
      await kubectl.ok(`replace --force -f ${changed}`);
      await kubectl.is('pod one', '{{(index .spec.containers 0).name}}', 'other');
      assert.ok((await kubectl.managers('pod one')).includes('kubectl-replace'));
      assert.match(await kubectl.fails(`replace --grace-period=1 -f ${changed}`), /must have --force specified/);
      assert.match(await kubectl.fails(`replace --timeout=1s -f ${changed}`), /must have --force specified/);
    });

    it('takes version 0 for any', async () => {
      await kubectl.ok('create -f -', { input: '{"apiVersion":"v1","kind":"Node","metadata":{"name":"spare"}}' });
      await kubectl.ok('replace --dry-run=server -f -', { input: node('0') });
      await kubectl.is('node spare', '{{.metadata.annotations.a}}', '<no value>');
      assert.match(await kubectl.fails('replace -f -', { input: node('1') }), /the object has been modified/);
      await kubectl.ok('replace -f -', { input: node('0') });
      await kubectl.is('node spare', '{{.metadata.annotations.a}}', 'b');
      await kubectl.ok('delete node spare');
    });

    it('edits by an editor', async () => {
      const editor = kubectl.file('image-editor', '#!/bin/sh\nsed -i s/pause:3.5/edited/ "$1"\n');
      chmodSync(editor, 0o755);
      const edited = await kubectl.ok('edit pods/one --output-patch=true', { env: { EDITOR: editor } });
      assert.match(edited, /Patch: /);
      await kubectl.is('pod one', '{{(index .spec.containers 0).image}}', 'edited');
      assert.ok((await kubectl.managers('pod one')).includes('kubectl-edit'));
      const env = { EDITOR: 'cat' };
      assert.match((await kubectl.run('edit pod/one', { env })).err, /Edit cancelled/);
      assert.match(await kubectl.ok('edit pod/one --windows-line-endings', { env }), /name: one\r\n/);
      assert.match(await kubectl.ok('edit ns', { env }), /kind: List/);
      assert.match((await kubectl.run(`create --edit -f ${file}`, { env })).err, /Edit cancelled/);
    });

    it('remembers what was applied only after an apply', async () => {
      await remove();
      await create();
      const applied = '{{range $key, $value := .metadata.annotations}}{{$key}}:{{end}}';
      await kubectl.is('pod one', applied, '');
      const changed = pod('one').replace('{name: one}', '{name: two}');
      await kubectl.ok('replace -f -', { input: changed });
      await kubectl.is('pod one', applied, '');
      const { err } = await kubectl.run('apply -f -', { input: changed });
      assert.match(err, /Warning: resource pods\/one is missing the kubectl.kubernetes.io\/last-applied-configuration/);
      await kubectl.is('pod one', applied, 'kubectl.kubernetes.io/last-applied-configuration:');
    });
  });

  describe('describing', () => {
    after(remove);

    it('describes where its environment comes from, and budgets and priorities that concern it', async () => {
      await kubectl.ok('create secret generic keys --from-literal=one=1 --type=test-type');
      await kubectl.ok('create configmap words --from-literal=two=2');
      for (const [name, how] of [
        ['min-number', '--min-available=2'],
        ['min-share', '--min-available=50%'],
        ['max-number', '--max-unavailable=2'],
        ['max-share', '--max-unavailable=50%'],
      ]) {
        await kubectl.ok(`create pdb ${name} --selector=app=rails ${how} --dry-run=server`);
        await kubectl.ok(`create pdb ${name} --selector=app=rails ${how}`);
      }
      const amounts = '{{range .items}}{{.spec.minAvailable}}/{{.spec.maxUnavailable}} {{end}}';
      await kubectl.is('pdb', amounts, '<no value>/2 <no value>/50% 2/<no value> 50%/<no value>');
      assert.match(await kubectl.fails('create pdb both --selector=a=b --min-available=2 --max-unavailable=3'), /both/);
      await kubectl.ok('create priorityclass middle --dry-run=server');
      await kubectl.ok('create priorityclass middle');
      await kubectl.ok('describe priorityclass middle');
      await kubectl.ok('create -f -', { input: pod('env', ENVIRONMENT) });
      const text = await kubectl.ok('describe pods env');
      assert.match(text, /FROM_SECRET: +<set to the key 'one' in secret 'keys'> +Optional: false/);
      assert.match(text, /FROM_MAP: +<set to the key 'two' of config map 'words'> +Optional: false/);
      assert.match(text, /FROM_POD: +env \(v1:metadata.name\)/);
      assert.match(text, /^Events: +<none>$/m);
      assert.doesNotMatch(await kubectl.ok('describe pods env --show-events=false'), /Events:/);
      await kubectl.is(`pods --field-selector status.phase=Pending`, NAMES, 'env:');
    });
  });
});
