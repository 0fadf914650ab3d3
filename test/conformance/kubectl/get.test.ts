import assert from 'node:assert/strict';
import { columns, KubectlUnderTest, NAMES } from './kubectl-under-test.js';
import { configMap, definition, deployment, pod } from './manifests.js';

const WORK = `---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: bind}
spec:
  selector: {matchLabels: {app: bind}}
  template: {metadata: {labels: {app: bind}}, spec: {containers: [{name: main, image: pause}]}}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: frontend}
spec: {replicas: 2, template: {metadata: {labels: {app: front}}, spec: {containers: [{name: main, image: pause}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: pi}
spec:
  schedule: "*/5 * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: perl}]}}}}
`;

/** The names in the first column, in their order. */
const order = (table: string): string[] =>
  table
    .split('\n')
    .filter((line) => !/^(?:NAME|[IW]\d{4}) /.test(line))
    .map((line) => line.split(' ')[0] ?? '');

describe('kubectl get', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('get');
  });

  after(() => kubectl.stop());

  describe('nothing', () => {
    it('what is not there, in every form', async () => {
      for (const form of ['', '-o name', '-o json', '-o wide']) {
        assert.equal(await kubectl.fails(`get pods abc ${form}`), 'Error from server (NotFound): pods "abc" not found');
      }
      assert.equal((await kubectl.run('get pods abc -o json')).out, '');
      assert.deepEqual(await kubectl.run('get pods abc --ignore-not-found'), { code: 0, out: '', err: '' });
      assert.doesNotMatch(await kubectl.fails('get foobar'), /No resources found/);
    });

    it('selectors that nobody can read', async () => {
      const unable = 'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match';
      const cases: Readonly<Record<string, string>> = {
        "-l 'a in (b'": `label selector "a in (b", field selector "": unable to parse requirement: found '', expected: ',' or ')'`,
        '--field-selector x': `label selector "", field selector "x": invalid selector: 'x'; can't understand 'x'`,
        '--field-selector spec.no=1':
          'label selector "", field selector "spec.no=1": field label not supported: spec.no',
      };
      for (const [flag, said] of Object.entries(cases)) {
        assert.equal(await kubectl.fails(`get pods ${flag}`), `${unable} ${said}`);
      }
    });

    it('people are told, programs are not', async () => {
      for (const form of [
        'json',
        'yaml',
        'name',
        'jsonpath={.items}',
        'go-template={{.items}}',
        'custom-columns=NAME:.x',
      ]) {
        assert.doesNotMatch((await kubectl.run(`get pods -o ${form}`)).err, /No resources found/);
      }
      for (const form of ['', '-o wide']) {
        assert.equal((await kubectl.run(`get pods ${form}`)).err, 'No resources found in get namespace.');
      }
      assert.equal((await kubectl.run('get pods --server-print=false')).err, 'No resources found in get namespace.');
      assert.equal((await kubectl.run('get pods --ignore-not-found')).err, '');
      for (const key of ['{metadata.name}', '{metadata.creationTimestamp}'])
        await kubectl.ok(`get pods --sort-by=${key}`);
    });
  });

  describe('pages', () => {
    it('follows them to the end', async () => {
      const { err } = await kubectl.run('get clusterrole --chunk-size=10 -v=6');
      assert.match(err, /\/clusterroles\?limit=10" status="200 OK"/);
      assert.match(err, /\/v1\/clusterroles\?continue=/);
      assert.match((await kubectl.run('get clusterrole -v=6')).err, /\/clusterroles\?limit=500" status="200 OK"/);
      const names = order(await kubectl.ok('get namespaces --chunk-size=1 --no-headers'));
      for (const name of ['default', 'kube-public', 'kube-system']) assert.ok(names.includes(name));
    });

    it('and can be watched', async () => {
      await kubectl.ok('create -f -', { input: ['one', 'two', 'three'].map((name) => configMap(name, {})).join('') });
      await kubectl.while('get configmap --chunk-size=1 --watch', /^three /m, () => Promise.resolve());
      const { err } = await kubectl.run('get configmap --chunk-size=1 --watch-only', { forMs: 1500 });
      assert.doesNotMatch(err, /watch is only supported on individual resources/);
    });
  });

  describe('a pod', () => {
    before(async () => {
      await kubectl.ok('create -f -', { input: pod('valid-pod') });
    });

    after(() => kubectl.ok('delete pod valid-pod'));

    it('templates, with and without what they ask for', async () => {
      assert.equal(await kubectl.ok('get pod valid-pod -o jsonpath={.missing}'), '');
      assert.equal(await kubectl.ok('get pod valid-pod -o go-template={{.missing}}'), '<no value>');
      assert.equal(await kubectl.ok('get pod valid-pod --template={{.metadata.name}}:'), 'valid-pod:');
      const strict = 'get pod valid-pod --allow-missing-template-keys=false';
      assert.match(await kubectl.fails(`${strict} -o jsonpath={.missing}`), /missing is not found/);
      const said = await kubectl.fails(`${strict} -o go-template={{.missing}}`);
      assert.match(said, /map has no entry for key "missing"/);
    });

    it('subresources', async () => {
      assert.match(await kubectl.ok('get pod valid-pod --subresource=status'), /^valid-pod /m);
      const said = await kubectl.fails('get pod valid-pod --subresource=scale');
      assert.equal(said, 'Error from server (NotFound): the server could not find the requested resource');
      await kubectl.ok('create -f -', { input: deployment('scaled') });
      assert.match(
        await kubectl.ok('get deployment scaled --subresource=scale'),
        /^NAME +DESIRED +AVAILABLE +AGE\nscaled +1 +/,
      );
      await kubectl.ok('delete deployment scaled');
    });

    it('watched', async () => {
      const table = /^NAME +READY +STATUS +RESTARTS +AGE\nvalid-pod +0\/1 +Pending +0 /;
      const seen = (): Promise<void> => Promise.resolve();
      await kubectl.while('get pods -w', table, seen);
      await kubectl.while('get pod valid-pod -w', table, seen);
      await kubectl.while('get pods/valid-pod -o name -w', /^pod\/valid-pod$/m, seen);
      await kubectl.while('get pods/valid-pod -o yaml -w', /^ {2}name: valid-pod$/m, seen);
      assert.match(await kubectl.fails('get pods/invalid-pod -w'), /"invalid-pod" not found/);
    });

    it('--request-timeout bounds a request, and a watch', async () => {
      assert.match(await kubectl.ok('get pod valid-pod --request-timeout=30'), /valid-pod/);
      assert.match((await kubectl.run('get pod valid-pod --request-timeout=4s --watch')).out, /valid-pod/);
      assert.match(await kubectl.fails('get pod valid-pod --request-timeout=1p'), /Invalid timeout value/);
    });
  });

  describe('sorting', () => {
    const sorted = async (key: string): Promise<string[]> => order(await kubectl.ok(`get pods --sort-by=${key}`));

    before(async () => {
      const sortable = (name: string, label: string, container: string): string =>
        pod(name, { labels: { name: label } }).replace('name: main', `name: ${container}`);
      await kubectl.ok('create -f -', {
        input: sortable('p1', 'c', 'b') + sortable('p2', 'b', 'a') + sortable('p3', 'a', 'c'),
      });
    });

    after(() => kubectl.ok('delete pods --all --grace-period=0 --force'));

    it('by any field', async () => {
      assert.deepEqual(await sorted('{metadata.name}'), ['p1', 'p2', 'p3']);
      assert.deepEqual(await sorted('{metadata.labels.name}'), ['p3', 'p2', 'p1']);
      assert.deepEqual(await sorted('{spec.containers[0].name}'), ['p2', 'p1', 'p3']);
      assert.deepEqual(await sorted('{metadata.creationTimestamp}'), ['p1', 'p2', 'p3']);
    });

    it('of tables that carry their objects, or of objects', async () => {
      const { err } = await kubectl.run('get pods --sort-by={metadata.name} -v=8');
      assert.match(err, /as=Table/);
      assert.match(err, /includeObject=Object/);
      const local = await kubectl.run('get pods --sort-by={spec.containers[0].name} --server-print=false -v=8');
      assert.deepEqual(order(local.out), ['p2', 'p1', 'p3']);
      assert.doesNotMatch(local.err, /as=Table/);
    });
  });

  describe('several', () => {
    it('of several kinds, and of a file', async () => {
      await kubectl.is('nodes/127.0.0.1 namespace/default', NAMES, '127.0.0.1:default:');
      const file = kubectl.file('pods.yaml', pod('first') + pod('second'));
      await kubectl.ok(`create -f ${file}`);
      assert.equal(await kubectl.ok(`get -f ${file} -o jsonpath={..metadata.name}`), 'first second');
      const said = await kubectl.fails(`get -f ${file} --watch`);
      assert.match(said, /watch is only supported on individual resources and resource collections/);
      await kubectl.ok(`delete -f ${file}`);
    });

    it('in all namespaces', async () => {
      for (const name of ['all-1', 'all-2']) {
        await kubectl.ok(`create namespace ${name}`);
        await kubectl.ok(`create serviceaccount test -n ${name}`);
      }
      for (const flag of ['--all-namespaces', '-A', '-A --namespace=default']) {
        const lines = columns(await kubectl.ok(`get serviceaccounts ${flag}`));
        assert.equal(lines[0], 'NAMESPACE NAME AGE');
        for (const name of ['all-1', 'all-2']) assert.ok(lines.some((line) => line.startsWith(`${name} test `)));
      }
      assert.match(await kubectl.ok('get nodes --all-namespaces'), /^NAME +STATUS/);
    });
  });

  describe('columns', () => {
    after(() => kubectl.ok('delete deployments,ds,rc,cronjobs --all'));

    it('the client prints what it knows by itself', async () => {
      await kubectl.ok('create -f -', { input: WORK });
      const names = (text: string): string[] => columns(text).map((line) => line.split(' ')[0] ?? '');
      for (const resource of ['ds', 'rc', 'cronjobs', 'namespaces']) {
        const plain = await kubectl.ok(`get ${resource} --server-print=false`);
        assert.equal(columns(plain)[0], 'NAME AGE');
        assert.deepEqual(names(plain), names(await kubectl.ok(`get ${resource}`)));
      }
      await kubectl.ok('delete -f -', { input: WORK });
    });

    it('of every kind', async () => {
      const input = definition({ group: 'test.com', plural: 'plains', kind: 'Plain' });
      await kubectl.ok('create -f -', { input: input + WORK + deployment('web') });
      await kubectl.ok('wait --for=condition=Established crd plains.test.com');
      const header = async (command: string): Promise<string> =>
        columns((await kubectl.run(`get ${command}`)).out)[0] ?? '';
      const expected: Readonly<Record<string, string>> = {
        ds: 'NAME DESIRED CURRENT READY UP-TO-DATE AVAILABLE NODE SELECTOR AGE',
        'ds -o wide': 'NAME DESIRED CURRENT READY UP-TO-DATE AVAILABLE NODE SELECTOR AGE CONTAINERS IMAGES SELECTOR',
        rc: 'NAME DESIRED CURRENT READY AGE',
        'cronjobs -o wide': 'NAME SCHEDULE TIMEZONE SUSPEND ACTIVE LAST SCHEDULE AGE CONTAINERS IMAGES SELECTOR',
        deployments: 'NAME READY UP-TO-DATE AVAILABLE AGE',
        'rs -o wide': 'NAME DESIRED CURRENT READY AGE CONTAINERS IMAGES SELECTOR',
        'pods -o wide': 'NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES',
        'nodes -o wide':
          'NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME',
        'svc -n default -o wide': 'NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR',
        crd: 'NAME CREATED AT',
        clusterroles: 'NAME CREATED AT',
        'clusterrolebindings -o wide': 'NAME ROLE AGE USERS GROUPS SERVICEACCOUNTS',
        'endpointslices -n default': 'NAME ADDRESSTYPE PORTS ENDPOINTS AGE',
        'pods --show-labels': 'NAME READY STATUS RESTARTS AGE LABELS',
        'pods -L app': 'NAME READY STATUS RESTARTS AGE APP',
        'pods --show-kind': 'NAME READY STATUS RESTARTS AGE',
      };
      await kubectl.becomes('pods', '{{gt (len .items) 0}}', 'true');
      for (const [command, columnsOf] of Object.entries(expected))
        assert.equal(await header(command), columnsOf, command);
      await kubectl.ok('create -f -', { input: '{apiVersion: test.com/v1, kind: Plain, metadata: {name: one}}' });
      assert.equal(await header('plains'), 'NAME AGE');
    });
  });
});
