import assert from 'node:assert/strict';
import pino from 'pino';
import type { Client, Patch } from '../../../src/cluster/client/client.js';
import { createEventRecorder } from '../../../src/cluster/client/event-recorder.js';
import { ApiError } from '../../../src/objects/api-error.js';
import type { KindOf } from '../../../src/objects/kind.js';
import type { Event } from '../../../src/objects/kinds/core-v1.js';
import type { KubeObject, ObjectKey } from '../../../src/objects/object.js';
import { ManualClock } from './manual-clock.js';
import { scriptedClient } from './scripted-client.js';

const log = pino({ level: 'silent' });

const pod = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '7' },
});

/** Keeps events as the API would: enough for create and merge patch. */
const eventStore = () => {
  const events = new Map<string, Event>();
  const client: Client = {
    ...scriptedClient().client,
    create: <T extends KubeObject>(object: T) => {
      events.set(object.metadata.name, object as unknown as Event);
      return Promise.resolve(object);
    },
    patch: <T extends KubeObject>(_kind: KindOf<T>, key: ObjectKey, patch: Patch) => {
      const known = events.get(key.name);
      if (known === undefined) return Promise.reject(new ApiError('NotFound', 'events not found'));
      const changed = Object.assign({}, known, patch.body);
      events.set(key.name, changed);
      return Promise.resolve(changed as unknown as T);
    },
  };
  return { client, events, all: () => [...events.values()] };
};

describe('createEventRecorder', () => {
  it('writes an Event about the object', async () => {
    const { client, all } = eventStore();
    const recorder = createEventRecorder(client, { component: 'kubelet', host: 'n1', clock: new ManualClock(), log });
    recorder.event(pod('web'), 'Normal', 'Started', 'Started container web', 'spec.containers{web}');
    await recorder.flush();
    const [event] = all();
    assert.match(event?.metadata.name ?? '', /^web\.[0-9a-f]{16}$/);
    assert.deepEqual(event?.involvedObject, {
      apiVersion: 'v1',
      kind: 'Pod',
      name: 'web',
      namespace: 'shop',
      uid: 'uid-web',
      resourceVersion: '7',
      fieldPath: 'spec.containers{web}',
    });
    assert.deepEqual(
      [event?.type, event?.reason, event?.message, event?.count, event?.firstTimestamp, event?.lastTimestamp],
      ['Normal', 'Started', 'Started container web', 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    );
    assert.deepEqual(event?.source, { component: 'kubelet', host: 'n1' });
  });

  it('counts what repeats in one Event, and writes it again when it was deleted', async () => {
    const { client, events, all } = eventStore();
    const clock = new ManualClock();
    const recorder = createEventRecorder(client, { component: 'kubelet', clock, log });
    for (let time = 0; time < 3; time++) {
      recorder.event(pod('web'), 'Warning', 'BackOff', 'Back-off restarting failed container');
      await clock.advance(1000);
    }
    await recorder.flush();
    assert.deepEqual(
      all().map((event) => [event.count, event.lastTimestamp]),
      [[3, '2026-01-01T00:00:02Z']],
    );
    events.clear();
    recorder.event(pod('web'), 'Warning', 'BackOff', 'Back-off restarting failed container');
    await recorder.flush();
    assert.deepEqual(
      all().map((event) => event.count),
      [4],
    );
  });

  it('combines many different messages of one reason', async () => {
    const { client, all } = eventStore();
    const recorder = createEventRecorder(client, { component: 'x', clock: new ManualClock(), log });
    for (let number = 0; number < 15; number++) recorder.event(pod('web'), 'Warning', 'Failed', `try ${number}`);
    await recorder.flush();
    assert.equal(all().length, 10);
    assert.deepEqual([all()[9]?.message, all()[9]?.count], ['(combined from similar events): try 14', 6]);
    assert.deepEqual([all()[8]?.reportingComponent, all()[9]?.reportingComponent], ['x', '']);
  });

  it('silences an object after 25 events and lets it speak again later', async () => {
    const { client, all } = eventStore();
    const clock = new ManualClock();
    const recorder = createEventRecorder(client, { component: 'x', clock, log });
    for (let number = 0; number < 40; number++) recorder.event(pod('web'), 'Normal', `Reason${number}`, 'm');
    recorder.event(pod('other'), 'Normal', 'Fine', 'm');
    await recorder.flush();
    assert.equal(all().length, 26);
    await clock.advance(300_000);
    recorder.event(pod('web'), 'Normal', 'Later', 'm');
    await recorder.flush();
    assert.equal(all().length, 27);
  });

  it('drops what passes the limit and survives a failing API', async () => {
    const { client, all } = eventStore();
    const recorder = createEventRecorder(client, { component: 'x', clock: new ManualClock(), log, limit: 3 });
    for (let number = 0; number < 9; number++) recorder.event(pod(`p${number}`), 'Normal', 'R', 'm');
    await recorder.flush();
    assert.equal(all().length, 4);
    const failing = createEventRecorder(scriptedClient().client, { component: 'x', clock: new ManualClock(), log });
    failing.event(pod('web'), 'Normal', 'R', 'm');
    await failing.flush();
  });
});
