import assert from 'node:assert/strict';
import { builtinResource, builtinResources, resourceOfKind } from '../../../src/objects/schema/resource-table.js';
import { enumValues, fieldAt, kubernetesVersion, typeOfKind } from '../../../src/objects/schema/schema-table.js';

describe('typeOfKind', () => {
  it('finds the type of every built-in resource and of its list', () => {
    for (const resource of builtinResources) {
      assert.ok(typeOfKind(resource), `${resource.apiVersion} ${resource.kind}`);
      if (resource.verbs.includes('list')) {
        assert.ok(
          typeOfKind({ apiVersion: resource.apiVersion, kind: `${resource.kind}List` }),
          `${resource.kind}List`,
        );
      }
    }
  });

  it('reads the options kinds under any group', () => {
    assert.equal(typeOfKind({ apiVersion: 'apps/v1', kind: 'DeleteOptions' })?.name, 'meta/v1.DeleteOptions');
    assert.equal(typeOfKind({ apiVersion: 'v1', kind: 'Status' })?.name, 'meta/v1.Status');
  });

  it('knows no kinds of other groups', () => {
    assert.equal(typeOfKind({ apiVersion: 'example.com/v1', kind: 'Widget' }), undefined);
    assert.equal(typeOfKind({ apiVersion: 'v1', kind: 'constructor' }), undefined);
  });

  it('puts the fields of embedded structs in their place', () => {
    const pod = typeOfKind({ apiVersion: 'v1', kind: 'Pod' });
    assert.ok(pod);
    assert.equal(fieldAt(pod, ['spec', 'volumes', 'emptyDir'])?.type, 'core/v1.EmptyDirVolumeSource');
    assert.equal(fieldAt(pod, ['spec', 'containers', 'livenessProbe', 'httpGet', 'port'])?.type, 'IntOrString');
    assert.deepEqual(fieldAt(pod, ['spec', 'containers', 'ports'])?.listMapKeys, ['containerPort', 'protocol']);
  });

  it('knows the constants of a named string', () => {
    assert.deepEqual(enumValues('core/v1.PullPolicy'), ['Always', 'Never', 'IfNotPresent']);
    assert.match(kubernetesVersion(), /^1\.35\./);
  });
});

describe('builtinResources', () => {
  it('has the names that kubectl api-resources prints', () => {
    assert.deepEqual(builtinResource('apps/v1', 'deployments')?.shortNames, ['deploy']);
    assert.equal(builtinResource('v1', 'endpoints')?.singular, 'endpoints');
    assert.equal(resourceOfKind({ apiVersion: 'v1', kind: 'Namespace' })?.namespaced, false);
    const inAll = builtinResources.filter((resource) => resource.categories.includes('all')).map((each) => each.plural);
    assert.deepEqual([...new Set(inAll)].sort(), [
      'cronjobs',
      'daemonsets',
      'deployments',
      'horizontalpodautoscalers',
      'jobs',
      'pods',
      'replicasets',
      'replicationcontrollers',
      'services',
      'statefulsets',
    ]);
  });

  it('names every resource once in a group version', () => {
    const names = builtinResources.flatMap((each) =>
      [each.plural, ...each.shortNames].map((n) => `${each.apiVersion}/${n}`),
    );
    assert.equal(new Set(names).size, names.length);
  });
});
