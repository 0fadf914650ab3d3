import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubectlUnderTest, NAMES } from './kubectl-under-test.js';

interface Made {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: object };
}

const service = (name: string, status: string): Made & { spec: object } => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, labels: { app: name, status } },
  spec: { ports: [{ port: 99, targetPort: 9949 }], selector: { app: name } },
});

const controller = (name: string, status: string): Made & { spec: object } => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name, labels: { app: name, status } },
  spec: {
    replicas: 1,
    selector: { app: name },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'pause' }] } },
  },
});

const listOf = (kind: string, items: readonly object[]): string => JSON.stringify({ kind, apiVersion: 'v1', items });
const yaml = (objects: readonly object[]): string =>
  objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');

/** The ways in which a file holds several objects. */
const FORMS: Readonly<Record<string, readonly [string, (status: string) => string, string]>> = {
  'documents of YAML': ['.yaml', (status) => yaml([service('mock', status), controller('mock', status)]), 'svc rc'],
  'a List': ['.json', (status) => listOf('List', [service('mock', status), controller('mock', status)]), 'svc rc'],
  'JSON after JSON': [
    '.json',
    (status) =>
      [service('mock', status), controller('mock', status)].map((object) => JSON.stringify(object)).join('\n'),
    'svc rc',
  ],
  'a ReplicationControllerList': [
    '.json',
    (status) => listOf('ReplicationControllerList', [controller('mock', status), controller('mock2', status)]),
    'rc rc2',
  ],
  'a ServiceList': [
    '.json',
    (status) => listOf('ServiceList', [service('mock', status), service('mock2', status)]),
    'svc svc2',
  ],
};

const BUSYBOX = (name: string, status = ''): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}${status}}}
spec: {containers: [{name: busybox, image: busybox, command: [sleep, "3600"]}]}
`;

describe('kubectl and several objects at once', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('several');
  });

  after(() => kubectl.stop());

  const editor = (from: string, to: string): string => {
    const path = kubectl.file('editor.sh', `#!/bin/sh\nsed -i 's#${from}#${to}#g' "$1"\n`);
    chmodSync(path, 0o755);
    return path;
  };

  for (const [title, [suffix, content, held]] of Object.entries(FORMS)) {
    it(`${title}: create, describe, replace, edit, label, annotate, delete`, async () => {
      const file = kubectl.file(`several${suffix}`, content('new'));
      const replacing = kubectl.file(`replacing${suffix}`, content('replaced'));
      const names = held.split(' ').map((each) => `${each.replace(/2$/, '')}/mock${each.endsWith('2') ? '2' : ''}`);
      const all = `${names.join(' ')} --show-managed-fields=false`;
      const labels = async (expected: string): Promise<void> =>
        kubectl.is(all, '{{range .items}}{{.metadata.labels.status}}:{{end}}', `${expected}:`.repeat(2));

      await kubectl.ok(`create -f ${file}`);
      await labels('new');
      assert.equal((await kubectl.ok(`get -f ${file} -o name`)).split('\n').length, 2);
      assert.equal((await kubectl.ok(`describe -f ${file}`)).match(/^Name: +mock/gm)?.length, 2);
      await kubectl.ok(`replace -f ${replacing} --force --cascade=background`);
      await labels('replaced');
      await kubectl.ok(`edit -f ${file}`, { env: { EDITOR: editor('status: replaced', 'status: edited') } });
      await labels('edited');
      await kubectl.ok(`label -f ${file} labeled=true --overwrite`);
      await kubectl.ok(`annotate -f ${file} annotated=true --overwrite`);
      const both = '{{range .items}}{{.metadata.labels.labeled}}{{.metadata.annotations.annotated}}:{{end}}';
      await kubectl.is(all, both, 'truetrue:truetrue:');
      await kubectl.ok(`delete -f ${file}`);
      await kubectl.is('services,rc', NAMES, '');
    });
  }

  describe('a folder with a file that is wrong', () => {
    let folder: string;
    const recursive = (verb: string, rest = ''): Promise<string> =>
      kubectl.fails(`${verb} -f ${folder} --recursive ${rest}`);

    before(() => {
      folder = join(kubectl.folder, 'pods');
      mkdirSync(join(folder, 'deeper'), { recursive: true });
      writeFileSync(join(folder, 'busybox0.yaml'), BUSYBOX('busybox0'));
      writeFileSync(join(folder, 'deeper', 'busybox1.yaml'), BUSYBOX('busybox1'));
      writeFileSync(join(folder, 'wrong.yaml'), BUSYBOX('busybox2').replace('kind: Pod', 'ind: Pod'));
    });

    const each = (field: string): string => `{{range .items}}{{${field}}}:{{end}}`;

    it('what is right is made, changed and shown', async () => {
      assert.match(await recursive('create'), /error validating data: kind not set/);
      await kubectl.is('pods', NAMES, 'busybox0:busybox1:');
      const missing = /Object 'Kind' is missing/;
      const edited = await kubectl.run(`edit -f ${folder} --recursive`, {
        env: { EDITOR: editor('busybox', 'other') },
      });
      assert.match(edited.err, missing);
      await kubectl.is('pods', each('(index .spec.containers 0).image'), 'busybox:busybox:');
      const described = await kubectl.run(`describe -f ${folder} --recursive`);
      assert.match(described.err, missing);
      assert.match(described.out, /app=busybox0[^]*app=busybox1/);
      assert.match(await recursive('annotate', 'annotatekey=annotatevalue'), missing);
      assert.match(await recursive('label', 'mylabel=myvalue'), missing);
      await kubectl.is('pods', each('.metadata.annotations.annotatekey'), 'annotatevalue:annotatevalue:');
      await kubectl.is('pods', each('.metadata.labels.mylabel'), 'myvalue:myvalue:');
      const found = await kubectl.run(`get -f ${folder} --recursive -o go-template=${NAMES.replaceAll(' ', '')}`);
      assert.match(found.err, missing);
      const patch = ['patch', '-f', folder, '--recursive', '-p'];
      const image = '{"spec":{"containers":[{"name":"busybox","image":"prom/busybox"}]}}';
      assert.match(await kubectl.fails([...patch, image]), missing);
      await kubectl.is('pods', each('(index .spec.containers 0).image'), 'prom/busybox:prom/busybox:');
    });

    it('is replaced and applied as well', async () => {
      for (const [verb, status] of [
        ['replace', 'replaced'],
        ['apply', 'applied'],
      ] as const) {
        for (const [path, name] of [
          ['busybox0.yaml', 'busybox0'],
          ['deeper/busybox1.yaml', 'busybox1'],
        ] as const) {
          writeFileSync(join(folder, path), BUSYBOX(name, `, status: ${status}`));
        }
        assert.match(await recursive(verb), /error validating data: kind not set/);
        await kubectl.is('pods', each('.metadata.labels.status'), `${status}:${status}:`);
      }
    });

    it('and deleted', async () => {
      assert.match(await recursive('delete', '--grace-period=0 --force'), /Object 'Kind' is missing/);
      await kubectl.is('pods', NAMES, '');
    });
  });

  describe('workloads of a folder', () => {
    let folder: string;
    const made = (name: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  replicas: 1
  selector: {matchLabels: {app: ${name}}}
  template: {metadata: {labels: {app: ${name}}}, spec: {containers: [{name: main, image: nginx:1}]}}
`;

    before(async () => {
      folder = join(kubectl.folder, 'deployments');
      mkdirSync(folder);
      for (const name of ['first', 'second']) writeFileSync(join(folder, `${name}.yaml`), made(name));
      writeFileSync(join(folder, 'wrong.yaml'), made('third').replace('kind: D', 'ind: D'));
      await kubectl.run(`create -f ${folder} --recursive`);
    });

    it('are rolled back, paused, resumed, scaled, exposed and autoscaled', async () => {
      const missing = /Object 'Kind' is missing/;
      const fails = async (command: string): Promise<void> =>
        assert.match(await kubectl.fails(`${command} -f ${folder} --recursive`), missing, command);
      const image = '{{range .items}}{{(index .spec.template.spec.containers 0).image}}:{{end}}';
      await kubectl.ok('set image deployment main=nginx:2 --all');
      await kubectl.is('deployments', image, 'nginx:2:nginx:2:');
      await kubectl.becomes('rs', '{{len .items}}', '4');
      await fails('rollout undo --to-revision=1');
      await kubectl.is('deployments', image, 'nginx:1:nginx:1:');
      await fails('rollout pause');
      await kubectl.is('deployments', '{{range .items}}{{.spec.paused}}:{{end}}', 'true:true:');
      await fails('rollout resume');
      await kubectl.is('deployments', '{{range .items}}{{.spec.paused}}:{{end}}', '<no value>:<no value>:');
      await fails('rollout history');
      await fails('rollout restart');
      await fails('scale --replicas=2');
      await kubectl.is('deployments', '{{range .items}}{{.spec.replicas}}:{{end}}', '2:2:');
      await fails('expose --port=80');
      await kubectl.is(
        'services',
        '{{range .items}}{{.metadata.name}} {{(index .spec.ports 0).port}}:{{end}}',
        'first 80:second 80:',
      );
      await fails('autoscale --min=1 --max=2 --cpu=80%');
      const metric = '(index .spec.metrics 0).resource.target.averageUtilization';
      await kubectl.is(
        'hpa',
        `{{range .items}}{{.spec.minReplicas}} {{.spec.maxReplicas}} {{${metric}}}:{{end}}`,
        '1 2 80:1 2 80:',
      );
      await fails('delete');
      await kubectl.is('deployments', NAMES, '');
    });
  });
});
