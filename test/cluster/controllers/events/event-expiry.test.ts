import assert from 'node:assert/strict';
import { createEventExpiry } from '../../../../src/cluster/controllers/events/event-expiry.js';
import { timestamp } from '../../../../src/objects/conditions.js';
import { Event } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

describe('the expiry of events', () => {
  it('deletes what was not seen for an hour, and keeps what was seen again', async () => {
    const cluster = await ClusterUnderTest.start((deps) => [createEventExpiry(deps)]);
    for (const [name, minutes] of [
      ['old', 0],
      ['again', 50],
    ] as const) {
      const lastTimestamp = timestamp(cluster.clock.now() + minutes * 60_000);
      const involvedObject = { kind: 'Pod', name: 'p', namespace: NAMESPACE };
      await cluster.client.create<Event>({
        ...Event,
        metadata: { name, namespace: NAMESPACE },
        involvedObject,
        lastTimestamp,
      });
    }
    const names = async () => (await cluster.list(Event)).map(({ metadata }) => metadata.name);
    await cluster.clock.advance(50 * 60_000);
    assert.deepEqual(await names(), ['again', 'old']);
    await cluster.clock.advance(20 * 60_000);
    assert.deepEqual(await names(), ['again']);
    await cluster.clock.advance(60 * 60_000);
    assert.deepEqual(await names(), []);
    await cluster.close();
  });
});
