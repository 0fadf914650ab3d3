import assert from 'node:assert/strict';
import { columns } from '../kubectl/kubectl-under-test.js';
import { chart, HelmUnderTest } from './helm-under-test.js';

interface Status {
  readonly version: number;
  readonly info: { readonly status: string };
}

interface Revision {
  readonly revision: number;
  readonly status: string;
  readonly description: string;
}

interface Listed {
  readonly name: string;
  readonly namespace: string;
  readonly revision: string;
  readonly status: string;
  readonly chart: string;
}

describe('helm, against the server', function () {
  this.timeout(120_000);
  let helm: HelmUnderTest;
  const kubectl = (command: string | readonly string[]): Promise<string> => helm.kubectl.ok(command);

  const statusOf = async (release: string): Promise<readonly [number, string]> => {
    const { version, info } = await helm.json<Status>(`status ${release}`);
    return [version, info.status];
  };

  const managersOf = async (object: string): Promise<string> =>
    kubectl([
      'get',
      object,
      '--show-managed-fields',
      '-o',
      'jsonpath={range .metadata.managedFields[*]}{.manager}:{.operation} {end}',
    ]);

  before(async () => {
    helm = await HelmUnderTest.start();
    await helm.kubectl.namespace('shop');
  });

  after(() => helm.stop());

  describe('the life of a release', () => {
    it('install --wait makes custom resources, runs hooks and waits for the workload', async () => {
      const out = await helm.ok(`install one ${chart('shop')} --wait --timeout 60s`);
      assert.match(out, /STATUS: deployed/);
      assert.match(out, /hello: revision 1, Kubernetes v1\.35\./);
      assert.equal(await kubectl('get deployment one-web -o jsonpath={.status.availableReplicas}'), '1');
      assert.equal(await kubectl('get price one-coffee -o jsonpath={.spec}'), '{"cents":250,"currency":"EUR"}');
      assert.match(await managersOf('deployment/one-web'), /^helm:Apply /);
      const jobs = ['get', 'jobs', '-o', 'jsonpath={range .items[*]}{.metadata.name}={.status.succeeded} {end}'];
      assert.equal(await kubectl(jobs), 'one-post-install=1 one-pre-install=1');
      assert.equal(await kubectl('logs job/one-pre-install'), 'ran pre-install');
      assert.deepEqual(await statusOf('one'), [1, 'deployed']);
    });

    it('install refuses a name in use, and values that the server refuses', async () => {
      assert.match(await helm.fails(`install one ${chart('shop')}`), /cannot reuse a name that is still in use/);
      const err = await helm.fails(`install two ${chart('shop')} --set replicas=-1 --no-hooks`);
      assert.match(
        err,
        /Deployment\.apps "two-web" is invalid: spec\.replicas: Invalid value: -1: must be greater than/,
      );
      assert.deepEqual(await statusOf('two'), [1, 'failed']);
      await helm.ok('uninstall two --no-hooks');
    });

    it('install --dry-run=server asks the server and writes nothing', async () => {
      assert.match(await helm.ok(`install three ${chart('shop')} --dry-run=server`), /name: three-web/);
      assert.match(await helm.fails('status three'), /release: not found/);
      assert.equal(await kubectl('get deployment three-web --ignore-not-found'), '');
    });

    it('test runs its pod and shows what it wrote', async () => {
      const out = await helm.ok('test one --logs');
      assert.match(out, /TEST SUITE: +one-test/);
      assert.match(out, /Phase: +Succeeded/);
      assert.match(out, /hello from the test/);
    });

    it('upgrade --wait changes, removes what is gone, and keeps what asks for it', async () => {
      await helm.ok(
        `upgrade one ${chart('shop')} --set greeting=bye,replicas=2,secondConfig=false --wait --timeout 60s`,
      );
      assert.deepEqual(await statusOf('one'), [2, 'deployed']);
      assert.equal(await kubectl('get cm one-config -o jsonpath={.data.greeting}'), 'bye');
      assert.equal(await kubectl('get deployment one-web -o jsonpath={.status.availableReplicas}'), '2');
      assert.equal(await kubectl('get cm one-second --ignore-not-found'), '');
      assert.equal(await kubectl('get cm one-kept -o name'), 'configmap/one-kept');
      assert.equal(await kubectl('logs job/one-post-upgrade'), 'ran post-upgrade');
    });

    it('upgrade fails with a failing hook; --rollback-on-failure undoes a workload that does not come up', async () => {
      assert.match(
        await helm.fails(`upgrade one ${chart('shop')} --set failingHook=true`),
        /pre-upgrade hooks failed.*one-pre-upgrade/,
      );
      assert.deepEqual(await statusOf('one'), [3, 'failed']);
      const err = await helm.fails(
        `upgrade one ${chart('shop')} --set crashing=true,greeting=crash --rollback-on-failure --timeout 6s`,
      );
      assert.match(err, /release one failed, and has been rolled back due to rollback-on-failure being set/);
      assert.deepEqual(await statusOf('one'), [5, 'deployed']);
      assert.equal(await kubectl('get cm one-config -o jsonpath={.data.greeting}'), 'bye');
    });

    it('a failing test is a failure', async () => {
      await helm.ok(`upgrade one ${chart('shop')} --set greeting=broken --wait --timeout 60s`);
      assert.match(await helm.fails('test one'), /one-test failed/);
    });

    it('rollback --wait brings back an earlier revision', async () => {
      assert.match(await helm.ok('rollback one 1 --wait --timeout 60s'), /Rollback was a success/);
      assert.equal(await kubectl('get cm one-config -o jsonpath={.data.greeting}'), 'hello');
      assert.equal(await kubectl('get cm one-second -o name'), 'configmap/one-second');
      assert.equal(await kubectl('get deployment one-web -o jsonpath={.spec.replicas}'), '1');
      assert.equal(await kubectl('logs job/one-pre-rollback'), 'ran pre-rollback');
    });

    it('history, list and get show what happened', async () => {
      const history = await helm.json<readonly Revision[]>('history one');
      assert.deepEqual(
        history.map(({ revision, status }) => `${revision} ${status}`),
        ['1 superseded', '2 superseded', '3 failed', '4 failed', '5 superseded', '6 superseded', '7 deployed'],
      );
      assert.deepEqual(
        [0, 1, 4, 6].map((index) => history[index]?.description),
        ['Install complete', 'Upgrade complete', 'Rollback to 2', 'Rollback to 1'],
      );
      const [listed] = await helm.json<readonly Listed[]>('list --filter ^one$ --all-namespaces');
      assert.deepEqual(
        [listed?.name, listed?.namespace, listed?.revision, listed?.status, listed?.chart],
        ['one', 'shop', '7', 'deployed', 'shop-0.1.0'],
      );
      assert.equal(await helm.ok('list -q --deployed'), 'one');
      assert.equal(await helm.ok('list -q --failed'), '');
      assert.equal(await helm.ok('list -q --selector status=deployed'), 'one');
      assert.match(await helm.ok('get manifest one'), /name: one-web/);
      assert.match(await helm.ok('get notes one'), /hello: revision 1/);
      assert.match(await helm.ok('get hooks one'), /name: one-pre-install/);
      assert.match(await helm.ok('get values one'), /null/);
      assert.match(await helm.ok('get values one --all'), /greeting: hello/);
      assert.match(await helm.ok('get values one --revision 2'), /greeting: bye/);
      assert.match(await helm.ok('get metadata one'), /CHART: +shop/);
      assert.match(await helm.ok('get all one'), /MANIFEST:[^]*one-web/);
      assert.match(await helm.ok('status one'), /RESOURCES:[^]*one-web +1\/1/);
    });

    it('uninstall --wait runs its hooks, removes the release, and leaves definitions and what asks to stay', async () => {
      assert.match(await helm.ok('uninstall one --wait --timeout 60s'), /release "one" uninstalled/);
      assert.equal(await kubectl('get deployments,services,prices,pods -l app=one -o name'), '');
      assert.equal(await kubectl('get cm one-config --ignore-not-found'), '');
      assert.equal(await kubectl('get cm one-kept -o name'), 'configmap/one-kept');
      assert.equal(await kubectl('get crd prices.shop.example.com -o name').then((name) => name.length > 0), true);
      assert.equal(await kubectl('get secrets -l owner=helm -o name'), '');
      assert.match(await helm.fails('status one'), /release: not found/);
    });
  });

  describe('without server-side apply', () => {
    it('installs, upgrades with a three-way merge, rolls back and uninstalls', async () => {
      await helm.ok(`install old ${chart('shop')} --server-side=false --wait --timeout 60s`);
      assert.match(await managersOf('deployment/old-web'), /helm:Update/);
      await kubectl('annotate cm old-config kept=yes');
      await helm.ok(
        `upgrade old ${chart('shop')} --server-side=false --set greeting=bye,replicas=2 --wait --timeout 60s`,
      );
      assert.equal(await kubectl('get cm old-config -o jsonpath={.data.greeting}'), 'bye');
      assert.equal(await kubectl('get cm old-config -o jsonpath={.metadata.annotations.kept}'), 'yes');
      await helm.ok('rollback old 1 --server-side=false --wait --timeout 60s');
      assert.equal(await kubectl('get deployment old-web -o jsonpath={.status.replicas}'), '1');
      await helm.ok('uninstall old --keep-history --wait --timeout 60s');
      assert.deepEqual(await statusOf('old'), [3, 'uninstalled']);
      assert.equal(await helm.ok('list -q --uninstalled'), 'old');
    });

    it('a release can move to server-side apply', async () => {
      await helm.ok(`install moved ${chart('shop')} --server-side=false --no-hooks`);
      await helm.ok(
        `upgrade moved ${chart('shop')} --server-side=true --set greeting=applied --no-hooks --force-conflicts`,
      );
      assert.equal(await kubectl('get cm moved-config -o jsonpath={.data.greeting}'), 'applied');
      assert.match(await managersOf('deployment/moved-web'), /helm:Apply/);
      await helm.ok('uninstall moved --no-hooks');
    });
  });

  it('lists a page at a time, with columns', async () => {
    for (const name of ['a', 'b'])
      await helm.ok(`install ${name} ${chart('shop')} --no-hooks --set secondConfig=false`);
    const lines = columns((await helm.ok('list')).replaceAll('\t', '  '));
    assert.match(lines[0] ?? '', /^NAME NAMESPACE REVISION UPDATED STATUS CHART APP VERSION$/);
    assert.equal(await helm.ok('list -q --max 1 --offset 1'), 'b');
    await helm.ok('uninstall a b --no-hooks');
  });
});
