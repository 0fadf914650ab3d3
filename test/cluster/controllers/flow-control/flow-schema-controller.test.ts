import { createFlowSchemaController } from '../../../../src/cluster/controllers/flow-control/flow-schema-controller.js';
import {
  FlowSchema,
  PriorityLevelConfiguration,
} from '../../../../src/objects/kinds/flowcontrol-apiserver-k8s-io-v1.js';
import { ClusterUnderTest } from '../cluster-under-test.js';

describe('the status of FlowSchemas', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [createFlowSchemaController(deps)]);
  });
  afterEach(() => cluster.close());

  const dangling = async (): Promise<string> => {
    const [condition] = (await cluster.client.get(FlowSchema, { name: 'mine' }))?.status?.conditions ?? [];
    return `${condition?.status} ${condition?.reason} ${condition?.message}`;
  };

  it('says whether the priority level is there', async () => {
    await cluster.client.create<FlowSchema>({
      ...FlowSchema,
      metadata: { name: 'mine' },
      spec: { priorityLevelConfiguration: { name: 'slow' }, matchingPrecedence: 7 },
    });
    const about = 'This FlowSchema references the PriorityLevelConfiguration object named "slow"';
    await cluster.until(
      'not there',
      async () => (await dangling()) === `True NotFound ${about} but there is no such object`,
    );
    await cluster.client.create<PriorityLevelConfiguration>({
      ...PriorityLevelConfiguration,
      metadata: { name: 'slow' },
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } },
    });
    await cluster.until('there', async () => (await dangling()) === `False Found ${about} and it exists`);
  });
});
