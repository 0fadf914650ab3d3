import assert from 'node:assert/strict';
import { AggregatedServerUnderTest, GROUP } from '../../cluster/api/aggregation/aggregated-server-under-test.js';
import { KubectlUnderTest } from './kubectl-under-test.js';
import { definition } from './manifests.js';

const WIDGETS = { group: 'shop.example', plural: 'widgets', kind: 'Widget' };

const AGGREGATED = JSON.stringify({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1.other.example' },
  spec: {
    group: 'other.example',
    version: 'v1',
    groupPriorityMinimum: 100,
    versionPriority: 100,
    service: { namespace: 'kube-system', name: 'other' },
  },
});

describe('kubectl and API services', function () {
  this.timeout(60_000);
  let kubectl: KubectlUnderTest;

  before(async () => {
    kubectl = await KubectlUnderTest.startWithoutNode();
  });
  after(() => kubectl.stop());

  it('lists the built-in groups', async () => {
    const table = await kubectl.ok('get apiservices');
    assert.match(table, /^NAME +SERVICE +AVAILABLE +AGE\nv1\. +Local +True +\d+s\n/);
    for (const name of ['v1.apps', 'v2.autoscaling', 'v1.rbac.authorization.k8s.io']) {
      assert.match(table, new RegExp(`^${name.replaceAll('.', String.raw`\.`)} +Local +True `, 'm'));
    }
    await kubectl.ok('wait --for=condition=Available apiservice/v1.apps apiservice/v1. --timeout=10s');
    assert.match(await kubectl.ok('describe apiservice v1.apps'), /Message: +Local APIServices are always available/);
  });

  it('has those of custom resources as long as they are served', async () => {
    await kubectl.ok('create -f -', { input: definition(WIDGETS) });
    await kubectl.ok('wait --for=create apiservice/v1.shop.example --timeout=10s');
    await kubectl.ok('wait --for=condition=Available apiservice/v1.shop.example --timeout=10s');
    const own = await kubectl.ok('get apiservices -l kube-aggregator.kubernetes.io/automanaged=true -o name');
    assert.equal(own, 'apiservice.apiregistration.k8s.io/v1.shop.example');
    await kubectl.ok('delete crd widgets.shop.example');
    await kubectl.ok('wait --for=delete apiservice/v1.shop.example --timeout=10s');
  });

  it('tells that a service is missing', async () => {
    await kubectl.ok('create -f -', { input: AGGREGATED });
    await kubectl.ok('wait --for=condition=Available=False apiservice/v1.other.example --timeout=10s');
    const row = await kubectl.ok('get apiservice v1.other.example --no-headers');
    assert.match(row, /^v1\.other\.example +kube-system\/other +False \(ServiceNotFound\) +/);
    await kubectl.ok('delete apiservice v1.other.example');
  });

  it('reads what a server behind a Service has', async () => {
    const trusted = '-n kube-system get configmap extension-apiserver-authentication';
    const authority = await kubectl.ok(`${trusted} -o jsonpath={.data.requestheader-client-ca-file}`);
    const weather = await AggregatedServerUnderTest.start('weather.default.svc', authority);
    const group = `apiservice/v1.${GROUP}`;
    try {
      await kubectl.ok('create service externalname weather --external-name localhost');
      const service = { namespace: 'default', name: 'weather', port: weather.port };
      const priorities = { groupPriorityMinimum: 100, versionPriority: 100 };
      const spec = { group: GROUP, version: 'v1', ...priorities, service, caBundle: weather.caBundle };
      const registration = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService' };
      const input = JSON.stringify({ ...registration, metadata: { name: `v1.${GROUP}` }, spec });
      await kubectl.ok('create -f -', { input });
      await kubectl.ok(`wait --for=condition=Available ${group} --timeout=10s`);
      assert.match(
        await kubectl.ok(`get ${group} --no-headers`),
        /^v1\.weather\.example +default\/weather +True +\d+s$/,
      );
      const known = await kubectl.ok(`api-resources --api-group=${GROUP} --no-headers`);
      assert.match(known, /^forecasts +fc +weather\.example\/v1 +true +Forecast$/);
      assert.match(await kubectl.ok('get fc'), /^NAME +AGE\nmonday +<unknown>$/);
      await kubectl.ok(`delete ${group} service/weather`);
    } finally {
      await weather.stop();
    }
  });

  it('brings back what is deleted', async () => {
    const uid = await kubectl.ok('get apiservice v1.apps -o jsonpath={.metadata.uid}');
    await kubectl.ok('delete apiservice v1.apps --wait=false');
    await kubectl.ok('wait --for=create apiservice/v1.apps --timeout=10s');
    await kubectl.ok('wait --for=condition=Available apiservice/v1.apps --timeout=10s');
    assert.notEqual(await kubectl.ok('get apiservice v1.apps -o jsonpath={.metadata.uid}'), uid);
  });
});
