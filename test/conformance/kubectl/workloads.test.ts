import assert from 'node:assert/strict';
import { KubectlUnderTest, NAMES } from './kubectl-under-test.js';

const container = (name: string, image: string): string => `{name: ${name}, image: '${image}'}`;

const workload = (kind: string, name: string, containers: string, more = ''): string => `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      terminationGracePeriodSeconds: 5
      containers: [${containers}]
${more}`;

const daemons = (...images: string[]): string =>
  workload('DaemonSet', 'bind', images.map((image, index) => container(`c${index}`, image)).join(', '));

const stateful = (...images: string[]): string =>
  workload(
    'StatefulSet',
    'state',
    images.map((image, index) => container(`c${index}`, image)).join(', '),
    '  serviceName: state\n  replicas: 0\n',
  );

const IMAGES = '{{range .spec.template.spec.containers}}{{.image}} {{end}}';
const GENERATION = '{{.metadata.generation}}';
const ANNOTATIONS = '{{range .items}}{{.metadata.annotations}}{{end}}';

describe('kubectl and workloads', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
    await kubectl.namespace('workloads');
  });

  after(() => kubectl.stop());

  it('every change of a daemon set counts, and applying it again does not', async () => {
    const file = kubectl.file('daemons.yaml', daemons('pause:2'));
    for (const [command, generation] of [
      [`apply -f ${file}`, '1'],
      [`apply -f ${file}`, '1'],
      ['set image daemonsets/bind *=pause:test', '2'],
      ['set env daemonsets/bind foo=bar', '3'],
      ['set resources daemonsets/bind --limits=cpu=200m,memory=512Mi', '4'],
      ['rollout restart daemonset/bind', '5'],
    ] as const) {
      await kubectl.ok(command);
      await kubectl.is('daemonset bind', GENERATION, generation);
    }
    const managers = await kubectl.managers('daemonset bind');
    for (const manager of ['kubectl-client-side-apply', 'kubectl-set', 'kubectl-rollout', 'kube-controller-manager']) {
      assert.ok(managers.includes(manager), managers.join(' '));
    }
    await kubectl.ok(`delete -f ${file}`);
  });

  for (const [kind, manifest] of [
    ['daemonset', daemons],
    ['statefulset', stateful],
  ] as const) {
    it(`history of a ${kind}: undo, to a revision, and what there is not`, async () => {
      const [first, second] = [manifest('one:1'), manifest('two:1', 'two:2')];
      const [one, two] = [kubectl.file(`${kind}-one.yaml`, first), kubectl.file(`${kind}-two.yaml`, second)];
      await kubectl.ok(`apply -f ${one} --record`);
      await kubectl.becomes('controllerrevisions', ANNOTATIONS, /-one.yaml --record=true/);
      assert.match(
        await kubectl.ok(`rollout undo ${kind} --to-revision=1`),
        /skipped rollback \(current template already matches revision 1\)/,
      );
      await kubectl.ok(`apply -f ${two} --record`);
      await kubectl.becomes('controllerrevisions', ANNOTATIONS, /-two.yaml --record=true/);
      const name = kind === 'daemonset' ? 'bind' : 'state';
      assert.match(
        await kubectl.ok(`rollout history ${kind} ${name}`),
        /REVISION +CHANGE-CAUSE\n1 +kubectl apply .*-one.yaml --record=true\n2 +kubectl apply .*-two.yaml --record=true/,
      );
      assert.match(await kubectl.ok(`rollout history ${kind} ${name} --revision=1`), /Image:\s+one:1/);
      await kubectl.ok(`rollout undo ${kind} --dry-run=client`);
      await kubectl.ok(`rollout undo ${kind} --dry-run=server`);
      await kubectl.is(`${kind} ${name}`, IMAGES, 'two:1 two:2');
      await kubectl.ok(`rollout undo ${kind} --to-revision=1`);
      await kubectl.is(`${kind} ${name}`, IMAGES, 'one:1');
      assert.match(
        await kubectl.fails(`rollout undo ${kind} --to-revision=1000000`),
        /unable to find specified revision 1000000 in history/,
      );
      await kubectl.becomes('controllerrevisions', '{{range .items}}{{.revision}} {{end}}', /3/);
      await kubectl.ok(`rollout undo ${kind}`);
      await kubectl.is(`${kind} ${name}`, IMAGES, 'two:1 two:2');
      await kubectl.ok(`delete -f ${two}`);
      await kubectl.becomes('controllerrevisions', NAMES, '');
    });
  }

  it('stateful sets make one pod at a time, and go with them', async () => {
    const file = kubectl.file('stateful.yaml', stateful('one:1'));
    await kubectl.ok(`create -f ${file}`);
    await kubectl.becomes('statefulset state', '{{.status.observedGeneration}}', '1');
    await kubectl.ok('scale --current-replicas=0 --replicas=2 statefulset state');
    await kubectl.becomes('statefulset state', '{{.status.observedGeneration}}', '2');
    await kubectl.becomes('pods', NAMES, 'state-0:');
    await kubectl.ok('rollout restart statefulset state');
    await kubectl.becomes('statefulset state', '{{.status.observedGeneration}}', '3');
    await kubectl.ok(`delete -f ${file}`);
    await kubectl.becomes('pods', NAMES, '');
  });

  describe('deployments', () => {
    const deployment = (image: string): string =>
      workload('Deployment', 'web', container('nginx', image), '  replicas: 3\n');

    it('create makes one, with a command and in dry runs', async () => {
      await kubectl.ok('create deployment made --image=nginx:1 --dry-run=server -- sleep infinity');
      await kubectl.ok('create deployment made --image=nginx:1 -- sleep infinity');
      await kubectl.is(
        'deploy made',
        '{{.spec.revisionHistoryLimit}}{{(index .spec.template.spec.containers 0).name}}',
        '10nginx',
      );
      await kubectl.becomes('pods', '{{len .items}}', '1');
      for (const [resource, ...titles] of [
        ['rs', 'Name', 'Pod Template', 'Labels', 'Selector', 'Controlled By', 'Replicas', 'Pods Status', 'Volumes'],
        ['pods', 'Name', 'Image', 'Node', 'Labels', 'Status', 'Controlled By'],
      ] as const) {
        const text = await kubectl.ok(`describe ${resource}`);
        for (const title of titles) assert.match(text, new RegExp(`^ *${title}:`, 'm'));
      }
      await kubectl.ok('delete deployment made --cascade=orphan');
      await kubectl.is('rs', '{{range .items}}{{.spec.replicas}}{{end}}', '1');
      await kubectl.becomes('rs', '{{range .items}}{{.metadata.ownerReferences}}{{end}}', '<no value>');
      await kubectl.ok('delete rs --all');
      await kubectl.becomes('pods', NAMES, '');
    });

    it('undo, pause, resume, restart: the revisions that they leave', async () => {
      const [one, two] = [kubectl.file('one.yaml', deployment('web:1')), kubectl.file('two.yaml', deployment('web:2'))];
      await kubectl.ok(`create -f ${one}`);
      await kubectl.becomes('deployment web', '{{.status.observedGeneration}}', '1');
      assert.match(await kubectl.ok('rollout undo deployment web --to-revision=1'), /skipped rollback/);
      await kubectl.run(`apply -f ${two}`);
      await kubectl.becomes('rs', '{{len .items}}', '2');
      assert.match(await kubectl.ok('rollout undo deployment web --dry-run=client'), /web:1/);
      await kubectl.ok('rollout undo deployment web --dry-run=server');
      await kubectl.ok('rollout undo deployment web --to-revision=1');
      await kubectl.is('deployment web', IMAGES, 'web:1');
      assert.match(await kubectl.fails('rollout undo deployment web --to-revision=1000000'), /unable to find/);
      const annotation = (name: string): string =>
        `{{range .items}}{{index .metadata.annotations "deployment.kubernetes.io/${name}"}}:{{end}}`;
      await kubectl.becomes('rs', annotation('revision'), /3:/);
      await kubectl.ok('rollout undo deployment web');
      await kubectl.is('deployment web', IMAGES, 'web:2');
      await kubectl.becomes('rs', annotation('revision'), /4:/);
      await kubectl.ok('rollout pause deployment web');
      assert.match(
        await kubectl.fails('rollout undo deployment web'),
        /you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume'/,
      );
      assert.match(await kubectl.fails('rollout restart deployment web'), /can't restart paused deployment/);
      await kubectl.ok('rollout resume deployment web');
      await kubectl.ok('rollout undo deployment web');
      await kubectl.becomes('rs', annotation('revision-history'), /1,3/);
      assert.match(
        await kubectl.fails('rollout status deployment/web --revision=3'),
        /desired revision \(3\) is different from the running revision \(5\)/,
      );
      await kubectl.ok('rollout restart deployment/web');
      await kubectl.becomes('rs', annotation('revision'), /6:/);
      assert.ok((await kubectl.managers('deployment web')).includes('kubectl-rollout'));
      assert.match(
        await kubectl.ok('describe deployment web'),
        /^NewReplicaSet: +web-[a-z0-9]+ \(\d+\/\d+ replicas created\)$/m,
      );
      await kubectl.ok('delete deployment web');
      await kubectl.becomes('rs', NAMES, '');
    });

    it('set image and env reach the named, all, or local containers', async () => {
      const pair = workload('Deployment', 'pair', `${container('nginx', 'web:1')}, ${container('perl', 'perl')}`);
      const file = kubectl.file('pair.yaml', pair);
      await kubectl.ok(`create -f ${file}`);
      for (const [command, images] of [
        ['set image deployment pair nginx=web:2 --dry-run=server', 'web:1 perl'],
        ['set image deployment pair nginx=web:2', 'web:2 perl'],
        ['set image deployments --all nginx=web:1', 'web:1 perl'],
        [`set image -f ${file} nginx=web:2`, 'web:2 perl'],
        [`set image -f ${file} nginx=web:3 --local -o yaml`, 'web:2 perl'],
        ['set image deployment pair *=web:1', 'web:1 web:1'],
        ['set image deployment pair *=web:1', 'web:1 web:1'],
      ] as const) {
        await kubectl.ok(command);
        await kubectl.is('deployment pair', IMAGES, images);
      }
      assert.match(
        await kubectl.fails('set image deployment pair redis=redis'),
        /unable to find container named "redis"/,
      );
      await kubectl.ok('create configmap words --from-literal=key-1=a --from-literal=key-2=b');
      await kubectl.ok('create secret generic keys --from-literal=username=u --from-literal=password=p');
      const env = '{{range .spec.template.spec.containers}}{{range .env}}{{.name}} {{end}}:{{end}}';
      for (const [command, names] of [
        ['set env deployment pair --keys=key-2 --from=configmap/words', 'KEY_2 :KEY_2 :'],
        ['set env deployment pair --from=configmap/words --dry-run=server', 'KEY_2 :KEY_2 :'],
        ['set env deployment pair --from=configmap/words', 'KEY_2 KEY_1 :KEY_2 KEY_1 :'],
        ['set env deployment pair KEY_1- KEY_2- env=prod', 'env :env :'],
        ['set env deployment pair super=prod -c=nginx', 'env super :env :'],
        ['set env deployment pair --keys=username --from=secret/keys', 'env super USERNAME :env USERNAME :'],
        ['set env deployment pair env-', 'super USERNAME :USERNAME :'],
      ] as const) {
        await kubectl.ok(command);
        await kubectl.is('deployment pair', env, names);
      }
      await kubectl.ok('delete deployment pair');
    });

    it('autoscale and scale', async () => {
      await kubectl.ok('create deployment scaled --image=nginx');
      await kubectl.ok('autoscale deployment scaled --min=2 --max=3 --dry-run=server');
      await kubectl.ok('autoscale deployment scaled --min=2 --max=3');
      await kubectl.is('hpa scaled', '{{.spec.minReplicas}} {{.spec.maxReplicas}}', '2 3');
      assert.ok((await kubectl.managers('hpa scaled')).includes('kubectl-autoscale'));
      await kubectl.ok('delete hpa scaled');
      await kubectl.ok('scale deployment scaled --replicas=1');
      await kubectl.ok('scale deployment scaled --replicas=2 --dry-run=client');
      await kubectl.ok('scale deployment scaled --replicas=3 --dry-run=server');
      await kubectl.is('deployment scaled', '{{.spec.replicas}}', '1');
      await kubectl.ok('create deployment other --image=nginx');
      await kubectl.ok('label deployment other run=hello');
      await kubectl.ok('scale deploy --replicas=2 -l run=hello');
      await kubectl.is('deploy', '{{range .items}}{{.spec.replicas}}:{{end}}', '2:1:');
      await kubectl.ok('scale deploy --replicas=3 --all');
      await kubectl.is('deploy', '{{range .items}}{{.spec.replicas}}:{{end}}', '3:3:');
      await kubectl.ok('delete deploy --all');
    });
  });

  it('replica sets count changes by set, and pods outlive them when orphaned', async () => {
    const set = workload('ReplicaSet', 'front', container('main', 'front:1'), '  replicas: 3\n');
    const file = kubectl.file('set.yaml', set);
    await kubectl.ok(`create -f ${file}`);
    await kubectl.becomes('pods -l app=front', '{{len .items}}', '3');
    await kubectl.ok('delete rs front --cascade=orphan');
    await kubectl.becomes('rs', NAMES, '');
    await kubectl.is('pods -l app=front', '{{len .items}}', '3');
    await kubectl.ok('delete pods -l app=front');
    await kubectl.ok(`create -f ${file}`);
    for (const [command, generation] of [
      ['set image rs/front *=pause:test', '2'],
      ['set env rs/front foo=bar', '3'],
      ['set resources rs/front --dry-run=server --limits=cpu=200m', '3'],
      ['set resources rs/front --limits=cpu=200m,memory=512Mi', '4'],
      ['set serviceaccount rs/front --dry-run=server account', '4'],
      ['set serviceaccount rs/front account', '5'],
    ] as const) {
      await kubectl.ok(command);
      await kubectl.is('rs front', GENERATION, generation);
    }
    await kubectl.ok(`scale -f ${file} --replicas=2`);
    await kubectl.is('rs front', '{{.spec.replicas}}', '2');
    await kubectl.ok('delete rs front');
    await kubectl.becomes('pods', NAMES, '');
  });
});
