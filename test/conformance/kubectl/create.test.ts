import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { columns, KubectlUnderTest, NAMES } from './kubectl-under-test.js';
import { configMap, deployment, pod } from './manifests.js';

const LAST_APPLIED = /kubectl\.kubernetes\.io\/last-applied-configuration/;

const FAULTY = `apiVersion: apps/v1
kind: Deployment
metadata: {name: faulty}
spec:
  replicas: 3
  replicas: 4
  foo: bar
  baz: baq
  selector: {matchLabels: {app: faulty}}
  template:
    metadata: {labels: {app: faulty}}
    spec: {containers: [{name: main, image: nginx}]}
`;

const CONTROLLER = `
apiVersion: v1
kind: ReplicationController
metadata: {name: frontend}
spec: {replicas: 1, template: {metadata: {labels: {app: front}}, spec: {containers: [{name: main, image: pause}]}}}
`;

describe('kubectl create, run and delete', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('create');
  });

  after(() => kubectl.stop());

  describe('create', () => {
    it('a dry run makes nothing', async () => {
      const input = pod('test-pod');
      assert.equal(await kubectl.ok('create --dry-run=client -f -', { input }), 'pod/test-pod created (dry run)');
      assert.equal(
        await kubectl.ok('create --dry-run=server -f -', { input }),
        'pod/test-pod created (server dry run)',
      );
      await kubectl.is('pods', NAMES, '');
    });

    it('-l makes what it selects', async () => {
      const input = configMap('chosen', {}, { labels: { a: 'b' } }) + configMap('passed-over', {});
      await kubectl.ok('create -l a=b -f -', { input });
      assert.match(await kubectl.fails('get configmap passed-over'), /configmaps "passed-over" not found/);
      assert.equal(await kubectl.ok('delete configmap chosen'), 'configmap "chosen" deleted from create namespace');
    });

    it('what cannot be', async () => {
      assert.match(await kubectl.fails('create'), /must specify one of -f and -k/);
      const file = kubectl.file('pod.yaml', pod('valid-pod'));
      const elsewhere = `create --raw /api/v1/namespaces -f ${file}`;
      assert.match(
        await kubectl.fails(elsewhere),
        /the object provided is unrecognized \(must be of type Namespace\): couldn't get version\/kind; json parse error/,
      );
      const json = kubectl.file('pod.json', '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"valid-pod"}}');
      assert.match(
        await kubectl.fails(`create --raw /api/v1/namespaces -f ${json}`),
        /Pod in version "v1" cannot be handled as a Namespace: converting \(v1\.Pod\) to \(core\.Namespace\): unknown conv/,
      );
      assert.match(await kubectl.fails(`${elsewhere} --edit`), /--raw and --edit are mutually exclusive/);
      await kubectl.ok(`create -f ${file}`);
      const again = await kubectl.fails(`create -f ${file}`);
      assert.equal(
        again,
        `Error from server (AlreadyExists): error when creating "${file}": pods "valid-pod" already exists`,
      );
      await kubectl.ok('delete pod valid-pod');
    });

    it('--validate says what happens to fields that nobody knows', async () => {
      const file = kubectl.file('faulty.yaml', FAULTY);
      for (const flag of ['', '--validate', '--validate=true', '--validate=strict']) {
        const said = await kubectl.fails(`create -f ${file} ${flag}`);
        assert.match(said, /strict decoding error/);
        assert.match(said, /unknown field "spec\.baz", unknown field "spec\.foo"/);
      }
      for (const flag of ['false', 'ignore', 'warn']) {
        const { code, err } = await kubectl.run(`create -f ${file} --validate=${flag}`);
        assert.equal(code, 0, err);
        if (flag === 'warn') {
          assert.match(err, /^Warning: unknown field "spec\.baz"$/m);
          assert.match(err, /^Warning: unknown field "spec\.foo"$/m);
        }
        await kubectl.ok('delete deployment faulty');
      }
      assert.match(await kubectl.fails(`create -f ${file} --validate=foo`), /invalid - validate option "foo"/);
    });

    it('jobs, with a command, and of a cron job', async () => {
      await kubectl.ok('create job plain --image=nginx:test-cmd');
      await kubectl.ok(['create', 'job', 'pi', '--image=perl', '--', 'perl', '-Mbignum=bpi', '-wle', 'print bpi(20)']);
      const image = '{{(index .spec.template.spec.containers 0).image}}';
      await kubectl.is('job plain', image, 'nginx:test-cmd');
      await kubectl.is('job pi', image, 'perl');
      await kubectl.ok(['create', 'cronjob', 'often', '--schedule=* */5 * * *', '--image=perl', '--', 'perl', '-v']);
      await kubectl.ok('create job now --from=cronjob/often');
      await kubectl.is('job now', '{{(index .spec.template.spec.containers 0).command}}', '[perl -v]');
      const owner = '{{range .metadata.ownerReferences}}{{.kind}}/{{.name}} {{.controller}}{{end}}';
      await kubectl.is('job now', owner, 'CronJob/often true');
      await kubectl.ok('delete jobs,cronjobs --all');
    });

    it('-k makes what a folder builds', async () => {
      const folder = join(kubectl.folder, 'built');
      mkdirSync(folder);
      writeFileSync(join(folder, 'objects.yaml'), configMap('map', {}) + deployment('hello'));
      writeFileSync(join(folder, 'kustomization.yaml'), 'namePrefix: test-\nresources: [objects.yaml]\n');
      await kubectl.ok(`create -k ${folder}`);
      await kubectl.is('configmap/test-map deployment/test-hello', NAMES, 'test-map:test-hello:');
      assert.match(await kubectl.ok(`delete -k ${folder}`), /"test-map" deleted/);
    });

    it('every output of a command can be a template', async () => {
      const template = '--template={{.metadata.name}}:';
      const made: readonly (readonly [string, string])[] = [
        ['create deployment web --image=nginx --dry-run=client', 'web'],
        ['create clusterrole cr --verb=get --resource=pods --dry-run=client', 'cr'],
        ['create clusterrolebinding crb --clusterrole=view --user=u --dry-run=client', 'crb'],
        ['create configmap cm --dry-run=client', 'cm'],
        ['create namespace ns --dry-run=client', 'ns'],
        ['create poddisruptionbudget pdb --selector=foo --min-available=1 --dry-run=client', 'pdb'],
        ['create priorityclass pc --dry-run=client', 'pc'],
        ['create quota q --dry-run=client', 'q'],
        ['create role r --verb=get --resource=pods --dry-run=client', 'r'],
        ['create rolebinding rb --clusterrole=view --user=u --dry-run=client', 'rb'],
        ['create secret generic sg --dry-run=client', 'sg'],
        ['create secret docker-registry dr --docker-username=u --docker-password=p --dry-run=client', 'dr'],
        ['create service clusterip sc --tcp=80 --dry-run=client', 'sc'],
        ['create service externalname se --external-name=x.com --dry-run=client', 'se'],
        ['create service loadbalancer sl --tcp=80 --dry-run=client', 'sl'],
        ['create service nodeport sn --tcp=80 --dry-run=client', 'sn'],
        ['create serviceaccount sa --dry-run=client', 'sa'],
        ['create ingress in --rule=x.com/=svc:80 --dry-run=client', 'in'],
        ['run po --image=nginx --dry-run=client', 'po'],
      ];
      const outputs = await Promise.all(made.map(([command]) => kubectl.ok(`${command} ${template}`)));
      assert.deepEqual(
        outputs,
        made.map(([, name]) => `${name}:`),
      );
      await kubectl.ok('create -f -', { input: deployment('kept') });
      for (const command of [
        'annotate deployment kept a=b',
        'label deployment kept a=b',
        'patch deployment kept -p {"spec":{"replicas":0}}',
        'scale deployment kept --replicas=1',
        'set image deployment kept main=other',
        'set resources deployment kept --limits=cpu=1',
        'set env deployment kept A=b',
        'set serviceaccount deployment kept default',
        'rollout pause deployment kept',
        'rollout resume deployment kept',
        'expose deployment kept --port=80',
        'rollout history deployment kept',
        'autoscale deployment kept --max=2',
      ]) {
        assert.equal(await kubectl.ok(`${command} ${template}`), 'kept:', command);
      }
      await kubectl.ok('delete deployment,service,hpa kept');
      assert.equal(await kubectl.ok(`taint node 127.0.0.1 dedicated=foo:PreferNoSchedule ${template}`), '127.0.0.1:');
      await kubectl.ok('taint node 127.0.0.1 dedicated-');
      await kubectl.ok('create clusterrolebinding viewers --clusterrole=view');
      assert.equal(await kubectl.ok(`set subject clusterrolebinding viewers --user=anna ${template}`), 'viewers:');
      const input = await kubectl.ok('get clusterrolebinding viewers -o yaml');
      assert.equal(await kubectl.ok(`auth reconcile -f - ${template}`, { input }), 'viewers:');
      await kubectl.ok('delete clusterrolebinding viewers');
      assert.equal(await kubectl.ok('config view --template={{.kind}}:'), 'Config:');
      assert.match(await kubectl.ok(`create configmap cm --dry-run=client ${template} -o yaml`), /^kind: ConfigMap$/m);
    });
  });

  describe('run', () => {
    it('makes one pod', async () => {
      for (const mode of ['client', 'server']) await kubectl.ok(`run one --image=nginx --dry-run=${mode}`);
      await kubectl.is('pods', NAMES, '');
      assert.equal(await kubectl.ok('run one --image=nginx --labels=a=b --env=C=d --port=80'), 'pod/one created');
      await kubectl.is('pod one', '{{.metadata.labels}} {{(index .spec.containers 0).name}}', 'map[a:b] one');
      const said = await kubectl.fails('run two --image=InvalidImageName');
      assert.equal(said, 'error: Invalid image name "InvalidImageName": invalid reference format');
      await kubectl.ok('delete pod one');
    });

    it('--expose adds a service', async () => {
      await kubectl.ok('run web --image=nginx --port=80 --expose');
      await kubectl.is('service web', '{{.spec.selector}} {{(index .spec.ports 0).port}}', 'map[run:web] 80');
      await kubectl.ok('delete pod,service web');
    });
  });

  describe('--save-config', () => {
    const saved = async (resource: string): Promise<boolean> =>
      LAST_APPLIED.test(await kubectl.ok(`get ${resource} -o yaml`));
    let file: string;
    before(() => {
      file = kubectl.file('saved.yaml', pod('saved', { labels: { name: 'first' } }));
    });

    it('create, edit and replace remember what was sent', async () => {
      await kubectl.ok(`create -f ${file} --save-config`);
      assert.ok(await saved('pod saved'));
      await kubectl.ok(`delete -f ${file}`);

      await kubectl.ok(`create -f ${file}`);
      assert.ok(!(await saved('pod saved')));
      const editor = kubectl.file('editor.sh', '#!/bin/sh\nsed -i s/first/second/ "$1"\n');
      chmodSync(editor, 0o755);
      await kubectl.ok('edit pod saved --save-config', { env: { EDITOR: editor } });
      assert.ok(await saved('pod saved'));
      await kubectl.is('pod saved', '{{.metadata.labels.name}}', 'second');
      await kubectl.ok(`delete -f ${file}`);

      await kubectl.ok(`create -f ${file}`);
      await kubectl.ok(`replace -f ${file} --save-config`);
      assert.ok(await saved('pod saved'));
      await kubectl.ok(`delete -f ${file}`);
    });

    it('run, expose and autoscale as well', async () => {
      await kubectl.ok('run nginx --image=nginx --save-config');
      assert.ok(await saved('pod nginx'));
      await kubectl.ok('expose pod nginx --save-config --port=80 --target-port=8000');
      assert.ok(await saved('service nginx'));
      await kubectl.ok('delete pod,service nginx');
      const controller = kubectl.file('controller.yaml', CONTROLLER);
      await kubectl.ok(`create -f ${controller}`);
      await kubectl.ok(`autoscale -f ${controller} --save-config --max=2`);
      assert.ok(await saved('hpa frontend'));
      for (const name of ['hpa', 'hpa.autoscaling', 'hpa.autoscal']) {
        assert.equal(await kubectl.ok(`get ${name} -o jsonpath={.items[0].apiVersion}`), 'autoscaling/v2');
      }
      assert.equal(
        await kubectl.ok('get horizontalpodautoscalers.v1.autoscaling -o jsonpath={.items[0].apiVersion}'),
        'autoscaling/v1',
      );
      const older = columns(await kubectl.ok('get horizontalpodautoscalers.v1.autoscaling'));
      assert.match(older[1] ?? '', /^frontend ReplicationController\/frontend cpu: <unknown>\/80% 1 2 \d /);
      await kubectl.ok('delete hpa,rc frontend');
    });
  });

  describe('delete', () => {
    before(async () => {
      for (const name of ['one', 'two']) {
        await kubectl.ok(`create namespace ns-${name}`);
        await kubectl.ok(`create configmap ${name} -n ns-${name}`);
        await kubectl.ok(`label configmap ${name} -n ns-${name} deletetest=true`);
      }
    });

    const left = (): Promise<string> => kubectl.ok('get configmaps -A -l deletetest -o jsonpath={..metadata.name}');

    it('in all namespaces, in a dry run not', async () => {
      const all = 'delete configmap -l deletetest=true --all-namespaces';
      assert.deepEqual(columns(await kubectl.ok(`${all} --dry-run=client`)), [
        'configmap "one" deleted from ns-one namespace (dry run)',
        'configmap "two" deleted from ns-two namespace (dry run)',
      ]);
      assert.match(
        await kubectl.ok(`${all} --dry-run=server`),
        /configmap "one" deleted from \S+ \S+ \(server dry run\)/,
      );
      assert.equal(await left(), 'one two');
      const asked = await kubectl.ok(`${all} --interactive`, { input: 'n\n' });
      assert.match(asked, /^You are about to delete the following 2 resource\(s\):\n/);
      assert.match(asked, /deletion is cancelled/);
      assert.equal(await left(), 'one two');
      await kubectl.ok(`${all} --interactive`, { input: 'y\n' });
      assert.equal(await left(), '');
    });

    it('at once, and by any name', async () => {
      await kubectl.ok('create configmap cm-1');
      assert.match(await kubectl.ok('delete configmap cm-1 --force --wait'), /configmap "cm-1" force deleted/);
      assert.match(await kubectl.ok('delete configmap cm-1 --ignore-not-found'), /^$/);
      assert.equal(
        await kubectl.fails('delete configmap cm-1'),
        'Error from server (NotFound): configmaps "cm-1" not found',
      );
      await kubectl.ok('create configmap cm-2');
      assert.equal(await kubectl.ok('delete configmap/cm-2 -o name'), 'configmap/cm-2');
    });
  });
});
