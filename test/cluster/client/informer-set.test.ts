import assert from 'node:assert/strict';
import pino from 'pino';
import { createInformerSet } from '../../../src/cluster/client/informer-set.js';
import type { InformerEvent } from '../../../src/cluster/client/informer.js';
import { ApiError } from '../../../src/objects/api-error.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import { ManualClock, settled } from './manual-clock.js';
import type { ScriptedWatch } from './scripted-client.js';
import { scriptedClient } from './scripted-client.js';

const log = pino({ level: 'silent' });

const configMap = (
  name: string,
  version: number,
  labels: Record<string, string> = {},
  uid = `uid-${name}`,
): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', uid, resourceVersion: String(version), labels },
});

const setup = () => {
  const clock = new ManualClock();
  const { client, watches } = scriptedClient();
  const stop = new AbortController();
  const set = createInformerSet(client, { log, clock });
  const watch = (index: number): ScriptedWatch => {
    const found = watches[index];
    assert.ok(found, `watch ${index} was not opened`);
    return found;
  };
  return { clock, set, stop, watches, watch };
};

const record = (events: string[]) => (event: InformerEvent<KubeObject>) => {
  const before = event.previous?.metadata.resourceVersion;
  events.push(
    `${event.type} ${event.object.metadata.name}@${event.object.metadata.resourceVersion}${before === undefined ? '' : ` was ${before}`}`,
  );
};

describe('createInformerSet', () => {
  it('is synced when the initial events end, and follows changes in order', async () => {
    const { set, stop, watch } = setup();
    const informer = set.informer(ConfigMap);
    const events: string[] = [];
    informer.onEvent(record(events));
    const started = set.start(stop.signal);
    watch(0).send('added', configMap('a', 1), configMap('b', 2));
    await settled();
    assert.equal(informer.list().length, 0);
    watch(0).bookmark('2', true);
    await started;
    watch(0).send('modified', configMap('a', 3)).send('deleted', configMap('b', 4)).send('added', configMap('c', 5));
    await settled();
    assert.deepEqual(events, ['added a@1', 'added b@2', 'modified a@3 was 1', 'deleted b@4 was 2', 'added c@5']);
    assert.deepEqual(
      informer.list('shop').map((object) => object.metadata.name),
      ['a', 'c'],
    );
    assert.equal(informer.get({ namespace: 'shop', name: 'b' }), undefined);
    stop.abort();
  });

  it('shares one watch a kind and selection', async () => {
    const { set, stop, watches } = setup();
    assert.equal(set.informer(ConfigMap), set.informer(ConfigMap, {}));
    assert.notEqual(set.informer(ConfigMap), set.informer(ConfigMap, { labelSelector: 'app=web' }));
    const started = set.start(stop.signal);
    assert.equal(watches.length, 2);
    set.informer(ConfigMap, { namespace: 'late' });
    assert.equal(watches.length, 3);
    assert.equal(watches[2]?.options.namespace, 'late');
    stop.abort();
    await started;
  });

  it('resumes a watch that ended where it was', async () => {
    const { set, stop, watches, watch } = setup();
    set.informer(ConfigMap);
    const started = set.start(stop.signal);
    watch(0).bookmark('7', true).send('added', configMap('a', 9)).bookmark('12').end();
    await started;
    await settled();
    assert.equal(watches.length, 2);
    assert.equal(watch(1).options.resourceVersion, '12');
    stop.abort();
  });

  it('lists again when the version is too old, and tells handlers of what went away meanwhile', async () => {
    const { clock, set, stop, watch } = setup();
    const informer = set.informer(ConfigMap);
    const events: string[] = [];
    const started = set.start(stop.signal);
    watch(0).send('added', configMap('a', 1), configMap('b', 2), configMap('c', 3)).bookmark('3', true);
    await started;
    informer.onEvent(record(events));
    events.length = 0;
    watch(0).fail(new ApiError('Expired', 'too old resource version'));
    await clock.advance(200);
    assert.equal(watch(1).options.resourceVersion, undefined);
    watch(1)
      .send('added', configMap('a', 1), configMap('b', 8), configMap('c', 9, {}, 'uid-other'))
      .bookmark('9', true);
    await settled();
    assert.deepEqual(events, ['modified b@8 was 2', 'deleted c@3 was 3', 'added c@9']);
    watch(1).fail(new ApiError('Expired', 'too old resource version'));
    await clock.advance(200);
    watch(2).send('added', configMap('b', 8)).bookmark('20', true);
    await settled();
    assert.deepEqual(events.slice(3), ['deleted a@1 was 1', 'deleted c@9 was 9']);
    stop.abort();
  });

  it('waits longer after every failure in a row and recovers', async () => {
    const { clock, set, stop, watches, watch } = setup();
    set.informer(ConfigMap);
    const started = set.start(stop.signal);
    watch(0).fail(new ApiError('ServiceUnavailable', 'starting'));
    await settled();
    await clock.advance(199);
    assert.equal(watches.length, 1);
    await clock.advance(1);
    watch(1).fail(new ApiError('ServiceUnavailable', 'starting'));
    await settled();
    await clock.advance(399);
    assert.equal(watches.length, 2);
    await clock.advance(1);
    watch(2).bookmark('1', true);
    await started;
    stop.abort();
    await settled();
    assert.equal(clock.sleepers, 0);
  });

  it('keeps indexes in step with the objects', async () => {
    const { set, stop, watch } = setup();
    const informer = set.informer(ConfigMap);
    informer.addIndex('app', (object) =>
      Object.entries(object.metadata.labels ?? {}).flatMap(([k, v]) => (k === 'app' ? [v] : [])),
    );
    const started = set.start(stop.signal);
    watch(0)
      .send('added', configMap('a', 1, { app: 'web' }), configMap('b', 2, { app: 'web' }))
      .bookmark('2', true);
    await started;
    const names = (value: string): string[] => informer.byIndex('app', value).map((object) => object.metadata.name);
    assert.deepEqual(names('web'), ['a', 'b']);
    watch(0)
      .send('modified', configMap('a', 3, { app: 'db' }))
      .send('deleted', configMap('b', 4, { app: 'web' }));
    await settled();
    assert.deepEqual([names('web'), names('db')], [[], ['a']]);
    assert.throws(() => informer.byIndex('nope', 'x'), /no index/);
    stop.abort();
  });

  it('gives a late handler what is there and survives one that throws', async () => {
    const { set, stop, watch } = setup();
    const informer = set.informer(ConfigMap);
    const started = set.start(stop.signal);
    watch(0).send('added', configMap('a', 1)).bookmark('1', true);
    await started;
    const events: string[] = [];
    informer.onEvent(() => {
      throw new Error('broken handler');
    });
    const unsubscribe = informer.onEvent(record(events));
    watch(0).send('modified', configMap('a', 2));
    await settled();
    unsubscribe();
    watch(0).send('modified', configMap('a', 3));
    await settled();
    assert.deepEqual(events, ['added a@1', 'modified a@2 was 1']);
    assert.equal(informer.list().length, 1);
    stop.abort();
  });
});
