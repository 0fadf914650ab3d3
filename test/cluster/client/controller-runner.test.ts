import assert from 'node:assert/strict';
import pino from 'pino';
import type { Controller } from '../../../src/cluster/client/controller.js';
import { DONE, TerminalError, watchSelf } from '../../../src/cluster/client/controller.js';
import { runControllers } from '../../../src/cluster/client/controller-runner.js';
import { createInformerSet } from '../../../src/cluster/client/informer-set.js';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import { ManualClock, settled } from './manual-clock.js';
import { scriptedClient } from './scripted-client.js';

const silent = pino({ level: 'silent' });

const configMap = (name: string, version = 1): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: String(version) },
});

const start = async (reconcile: Controller['reconcile'], more: Partial<Controller> = {}, log = silent) => {
  const clock = new ManualClock();
  const { client, watches } = scriptedClient();
  const stop = new AbortController();
  const informers = createInformerSet(client, { log, clock });
  const controller: Controller = { name: 'test', watches: [watchSelf(ConfigMap)], reconcile, ...more };
  const running = runControllers([controller], { informers, clock, log }, stop.signal);
  await settled();
  const watch = watches[0];
  assert.ok(watch);
  return { clock, watch, stop, running };
};

describe('runControllers', () => {
  it('reconciles what is there and what changes, after the informers are synced', async () => {
    const keys: string[] = [];
    const { watch, stop, running } = await start(async (key) => {
      keys.push(key.name);
      return DONE;
    });
    watch.send('added', configMap('a'));
    await settled();
    assert.deepEqual(keys, []);
    watch.bookmark('1', true);
    await settled();
    watch.send('added', configMap('b', 2)).send('deleted', configMap('a', 3));
    await settled();
    assert.deepEqual(keys, ['a', 'b', 'a']);
    stop.abort();
    await running;
  });

  it('warns of a failure, but not of one that its end has brought', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line) => void lines.push(line) });
    const reconcile: Controller['reconcile'] = async ({ name }, signal) => {
      if (name === 'throws') throw new Error('broken');
      return await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    };
    const { watch, stop, running } = await start(reconcile, {}, log);
    watch.send('added', configMap('waits')).send('added', configMap('throws')).bookmark('1', true);
    await settled();
    stop.abort(new Error('over'));
    await running;
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { readonly err: { readonly message: string } }).err.message),
      ['broken'],
    );
  });

  it('tries again with backoff after a throw, later after requeueAfterMs, never after a TerminalError', async () => {
    const seen: string[] = [];
    const { clock, watch, stop, running } = await start(async (key) => {
      seen.push(key.name);
      const times = seen.filter((name) => name === key.name).length;
      if (key.name === 'throws' && times < 3) throw new Error('not yet');
      if (key.name === 'terminal') throw new TerminalError('never');
      if (key.name === 'later' && times < 2) return { requeueAfterMs: 60_000 };
      return DONE;
    });
    watch.send('added', configMap('throws'), configMap('terminal'), configMap('later')).bookmark('1', true);
    await settled();
    await clock.advance(5);
    await clock.advance(10);
    assert.equal(seen.filter((name) => name === 'throws').length, 3);
    await clock.advance(59_000);
    assert.equal(seen.filter((name) => name === 'later').length, 1);
    await clock.advance(2000);
    assert.equal(seen.filter((name) => name === 'later').length, 2);
    assert.equal(seen.filter((name) => name === 'terminal').length, 1);
    stop.abort();
    await running;
    assert.equal(clock.sleepers, 0);
  });

  it('never reconciles one key twice at once, and waits for what runs when it stops', async () => {
    let inside = 0;
    let most = 0;
    let runs = 0;
    const releases: (() => void)[] = [];
    const { watch, stop, running } = await start(async () => {
      inside += 1;
      runs += 1;
      most = Math.max(most, inside);
      await new Promise<void>((resolve) => releases.push(resolve));
      inside -= 1;
      return DONE;
    });
    watch.send('added', configMap('a')).bookmark('1', true);
    await settled();
    watch.send('modified', configMap('a', 2)).send('modified', configMap('a', 3));
    await settled();
    assert.equal(runs, 1);
    releases.shift()?.();
    await settled();
    assert.deepEqual([runs, most], [2, 1]);
    stop.abort();
    let stopped = false;
    const ended = running.then(() => {
      stopped = true;
    });
    await settled();
    assert.equal(stopped, false);
    releases.shift()?.();
    await ended;
    assert.equal(stopped, true);
  });

  it('takes keys from a source', async () => {
    const keys: string[] = [];
    const { watch, stop, running } = await start(
      async (key) => {
        keys.push(key.name);
        return DONE;
      },
      {
        source: async (enqueue, signal) => {
          enqueue({ name: 'from-source' });
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        },
      },
    );
    watch.bookmark('1', true);
    await settled();
    assert.deepEqual(keys, ['from-source']);
    stop.abort();
    await running;
  });
});
