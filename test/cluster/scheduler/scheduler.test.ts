import assert from 'node:assert/strict';
import { pino } from 'pino';
import { createApi } from '../../../src/cluster/api/api.js';
import type { Client } from '../../../src/cluster/client/client.js';
import { createEventRecorder } from '../../../src/cluster/client/event-recorder.js';
import { createInformerSet } from '../../../src/cluster/client/informer-set.js';
import { runScheduler } from '../../../src/cluster/scheduler/scheduler.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';
import { systemClock } from '../../../src/objects/clock.js';
import { Event, type Node, Pod } from '../../../src/objects/kinds/core-v1.js';
import { keyOf } from '../../../src/objects/object.js';
import { node, pod, requesting } from './fixtures.js';

const log = pino({ level: 'silent' });

describe('runScheduler', () => {
  let client: Client;
  let stop: AbortController;
  let running: Promise<void>;
  let flushEvents: () => Promise<void>;

  beforeEach(async () => {
    stop = new AbortController();
    const api = createApi({
      store: createMemoryStore(),
      log,
      disabledPlugins: ['ServiceAccount', 'TaintNodesByCondition'],
    });
    await api.start(stop.signal);
    client = api.client();
    const informers = createInformerSet(client, { log, clock: systemClock });
    const recorder = createEventRecorder(client, { component: 'default-scheduler', clock: systemClock, log });
    flushEvents = () => recorder.flush();
    running = runScheduler({ client, informers, recorder, clock: systemClock, log }, stop.signal);
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  const createNode = async (one: Node): Promise<void> => {
    const { status, ...rest } = one;
    const made = await client.create<Node>(rest as Node);
    await client.updateStatus({ ...made, ...(status !== undefined && { status }) });
  };

  /** Waits for the pod to be as asked, by watching it. */
  const until = async (name: string, isSo: (one: Pod) => boolean): Promise<Pod> => {
    const selection = { namespace: 'default', fieldSelector: `metadata.name=${name}` };
    for await (const event of client.watch(Pod, selection, stop.signal)) {
      if (event.type !== 'bookmark' && isSo(event.object)) return event.object;
    }
    throw new Error('the watch ended');
  };
  const isPlaced = (one: Pod): boolean => (one.spec.nodeName ?? '') !== '';
  const isRefused = (one: Pod): boolean =>
    one.status?.conditions?.some(({ reason }) => reason === 'Unschedulable') === true;

  it('binds a pod, says so in its condition and in an event', async () => {
    await createNode(node('a'));
    await client.create(pod('p'));
    const placed = await until('p', isPlaced);
    assert.equal(placed.spec.nodeName, 'a');
    assert.equal(placed.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status, 'True');
    await flushEvents();
    const { items } = await client.list(Event, { namespace: 'default' });
    assert.deepEqual(
      items.map(({ reason, message }) => [reason, message]),
      [['Scheduled', 'Successfully assigned default/p to a']],
    );
  });

  it('says why a pod has no node, and places it when one comes that fits', async () => {
    await createNode(node('small', { cpu: '1' }));
    await client.create(pod('p', requesting('2')));
    const refused = await until('p', isRefused);
    const condition = refused.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    assert.equal(condition?.message, '0/1 nodes are available: 1 Insufficient cpu.');
    await createNode(node('large', { cpu: '8' }));
    assert.equal((await until('p', isPlaced)).spec.nodeName, 'large');
  });

  it('places a waiting pod when another one goes', async () => {
    await createNode(node('a', { cpu: '2' }));
    await client.create(pod('first', requesting('2')));
    await until('first', isPlaced);
    await client.create(pod('second', requesting('2')));
    await until('second', isRefused);
    await client.delete(Pod, keyOf(pod('first')), { gracePeriodSeconds: 0 });
    assert.equal((await until('second', isPlaced)).spec.nodeName, 'a');
  });

  it('leaves pods of other schedulers and gated pods alone, and takes a pod when its gate opens', async () => {
    await createNode(node('a'));
    await client.create(pod('other', { schedulerName: 'mine' }));
    await client.create(pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }));
    await until('gated', (one) => one.status?.conditions?.some(({ reason }) => reason === 'SchedulingGated') === true);
    assert.equal((await client.get(Pod, keyOf(pod('other'))))?.spec.nodeName, undefined);
    await client.patch(Pod, keyOf(pod('gated')), { type: 'merge', body: { spec: { schedulingGates: null } } });
    assert.equal((await until('gated', isPlaced)).spec.nodeName, 'a');
  });

  it('leaves a pod alone that has ended without a node', async () => {
    await createNode(node('a'));
    await client.create(pod('ended', { schedulingGates: [{ name: 'example.com/wait' }] }));
    const gated = await until('ended', (one) => (one.status?.conditions ?? []).length > 0);
    await client.updateStatus({ ...gated, status: { ...gated.status, phase: 'Failed' } });
    await client.patch(Pod, keyOf(gated), { type: 'merge', body: { spec: { schedulingGates: null } } });
    await client.create(pod('next'));
    await until('next', isPlaced);
    assert.equal((await client.get(Pod, keyOf(pod('ended'))))?.spec.nodeName, undefined);
  });

  it('places a hundred pods without putting too many on a node', async () => {
    for (const name of ['a', 'b', 'c']) await createNode(node(name, { pods: '34' }));
    await Promise.all(Array.from({ length: 100 }, (_, index) => client.create(pod(`p${index}`))));
    const counts = new Map<string, number>();
    for (let index = 0; index < 100; index += 1) {
      const placed = await until(`p${index}`, isPlaced);
      counts.set(placed.spec.nodeName ?? '', (counts.get(placed.spec.nodeName ?? '') ?? 0) + 1);
    }
    assert.equal(Math.max(...counts.values()) <= 34, true);
    assert.equal(
      [...counts.values()].reduce((sum, count) => sum + count, 0),
      100,
    );
  });
});
