import assert from 'node:assert/strict';
import { columns } from '../kubectl/kubectl-under-test.js';
import { chart, HelmUnderTest, OVERLAY } from './helm-under-test.js';

/** The commands that this project grew from, as a person would type them. */
describe('the commands of the introduction', function () {
  this.timeout(120_000);
  let helm: HelmUnderTest;
  const kubectl = (command: string | readonly string[]): Promise<string> => helm.kubectl.ok(command);

  before(async () => {
    helm = await HelmUnderTest.start();
  });

  after(() => helm.stop());

  it('installs a chart into a new namespace with values, shows its pods, and removes it', async () => {
    assert.equal(await kubectl('create namespace database'), 'namespace/database created');
    const values = helm.kubectl.file('values.yaml', 'password: from-the-file\nstorage: 2Gi\n');
    const out = await helm.ok(`install mysql ${chart('mysql')} -n database -f ${values} --wait --timeout 60s`);
    assert.match(out, /mysql is at mysql\.database\.svc\.cluster\.local/);
    const pods = columns(await kubectl('get pods -n database'));
    assert.equal(pods[0], 'NAME READY STATUS RESTARTS AGE');
    assert.match(pods[1] ?? '', /^mysql-0 1\/1 Running 0 \d+s$/);
    const read = ['exec', '-n', 'database', 'mysql-0', '--', 'sh', '-c', 'echo $PASSWORD'];
    assert.equal(await kubectl(read), 'from-the-file');
    assert.match(await kubectl('get pvc -n database'), /data-mysql-0 +Bound +\S+ +2Gi/);
    assert.match(await helm.ok('uninstall mysql -n database --wait --timeout 60s'), /release "mysql" uninstalled/);
    await kubectl('wait --for=delete pod/mysql-0 -n database --timeout=30s');
    assert.equal(await kubectl('get pvc -n database -o name'), 'persistentvolumeclaim/data-mysql-0');
    await kubectl('delete namespace database --timeout=30s');
  });

  it('applies an overlay that sets an image, two replicas and a service for a load balancer', async () => {
    await kubectl('create namespace intro');
    const made = await kubectl(`apply -k ${OVERLAY}`);
    assert.equal(made, 'service/web created\ndeployment.apps/web created');
    await kubectl('rollout status deployment/web -n intro --timeout=60s');
    const images = ['get', 'pods', '-n', 'intro', '-o', 'jsonpath={.items[*].spec.containers[*].image}'];
    assert.equal(await kubectl(images), 'registry.example.com/shop:v2 registry.example.com/shop:v2');
    const service = columns(await kubectl('get service web -n intro'));
    assert.match(service[1] ?? '', /^web LoadBalancer (?:\d+\.){3}\d+ (?:\d+\.){3}\d+ 18080:3\d{4}\/TCP \d+s$/);
    assert.equal(await kubectl(`apply -k ${OVERLAY}`), 'service/web unchanged\ndeployment.apps/web unchanged');
    await kubectl(`delete -k ${OVERLAY}`);
    assert.equal(await kubectl('get deployments,services -n intro -o name'), '');
  });
});
