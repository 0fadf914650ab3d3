import assert from 'node:assert/strict';
import { createClusterRoleAggregation } from '../../../../src/cluster/controllers/cluster-role/aggregation-controller.js';
import { ClusterRole } from '../../../../src/objects/kinds/rbac-authorization-k8s-io-v1.js';
import { ClusterUnderTest } from '../cluster-under-test.js';

describe('the ClusterRole aggregation', () => {
  it('gathers the rules of the roles that are selected, now and later', async () => {
    const cluster = await ClusterUnderTest.start((deps) => [createClusterRoleAggregation(deps)]);
    const rule = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] });
    const part = (name: string, resource: string) =>
      cluster.client.create<ClusterRole>({
        ...ClusterRole,
        metadata: { name, labels: { part: 'yes' } },
        rules: [rule(resource)],
      });
    await cluster.client.create<ClusterRole>({
      ...ClusterRole,
      metadata: { name: 'whole' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }] },
    });
    const rules = async () => (await cluster.client.get(ClusterRole, { name: 'whole' }))?.rules ?? [];
    await part('b', 'pods');
    await part('a', 'secrets');
    await part('c', 'pods');
    await cluster.until('gathered', async () => (await rules()).length === 2);
    assert.deepEqual(await rules(), [rule('secrets'), rule('pods')]);
    await cluster.client.delete(ClusterRole, { name: 'a' });
    await cluster.until('one less', async () => (await rules()).length === 1);
    await cluster.close();
  });
});
