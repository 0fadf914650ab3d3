import assert from 'node:assert/strict';
import type { Client } from '../../../../src/cluster/client/client.js';
import { ApiError } from '../../../../src/objects/api-error.js';
import type { Pod } from '../../../../src/objects/kinds/core-v1.js';
import { sameStatus, StatusWriter } from '../../../../src/runtime/kubelet/status/status-writer.js';
import { ManualClock } from '../../../cluster/client/manual-clock.js';
import { podOf } from '../pods.js';
import { log } from '../test-cluster.js';

const versioned = (pod: Pod, resourceVersion: string): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, resourceVersion },
});

/** Keeps one pod as an API would. */
class PodStore {
  writes = 0;
  pod = versioned(podOf(), '1');

  readonly client = {
    get: () => Promise.resolve(this.pod),
    updateStatus: (pod: Pod) => {
      this.writes += 1;
      if (pod.metadata.resourceVersion !== this.pod.metadata.resourceVersion) {
        return Promise.reject(new ApiError('Conflict', 'changed'));
      }
      this.pod = versioned(pod, String(Number(this.pod.metadata.resourceVersion) + 1));
      return Promise.resolve(this.pod);
    },
  } as unknown as Client;
}

describe('StatusWriter', () => {
  const make = () => {
    const store = new PodStore();
    const writer = new StatusWriter(store.client, new ManualClock(), log, new AbortController().signal);
    return { store, writer };
  };

  it('writes the last of several statuses that come at once', async () => {
    const { store, writer } = make();
    const { pod } = store;
    writer.set(pod, { phase: 'Pending' });
    writer.set(pod, { phase: 'Running' });
    assert.equal(writer.newest(pod).status?.phase, 'Running');
    await writer.flush(pod);
    assert.equal(store.writes, 1);
    assert.equal(store.pod.status?.phase, 'Running');
  });

  it('does not write what is there already', async () => {
    const { store, writer } = make();
    writer.set(store.pod, { phase: 'Running', conditions: [] });
    await writer.flush(store.pod);
    writer.set(store.pod, { phase: 'Running' });
    await writer.flush(store.pod);
    assert.equal(store.writes, 1);
  });

  it('keeps conditions of others, also those that it has not seen', async () => {
    const { store, writer } = make();
    const stale = store.pod;
    store.pod = versioned({ ...stale, status: { conditions: [{ type: 'example.com/gate', status: 'True' }] } }, '2');
    writer.set(stale, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
    await writer.flush(stale);
    assert.deepEqual(store.pod.status?.conditions, [
      { type: 'Ready', status: 'True' },
      { type: 'example.com/gate', status: 'True' },
    ]);
  });

  it('writes nothing to another pod of the same name', async () => {
    const { store, writer } = make();
    const old = store.pod;
    store.pod = { ...old, metadata: { ...old.metadata, uid: 'other', resourceVersion: '9' } };
    writer.set(old, { phase: 'Failed' });
    await writer.flush(old);
    assert.equal(store.pod.status, undefined);
  });
});

describe('sameStatus', () => {
  it('does not tell empty from absent', () => {
    assert.equal(sameStatus({ a: 1, b: {}, c: [], d: null }, { a: 1 }), true);
    assert.equal(sameStatus({ a: 0 }, {}), false);
    assert.equal(sameStatus({ a: [1, 2] }, { a: [1] }), false);
    assert.equal(sameStatus({ a: { b: '' } }, { a: {} }), false);
  });
});
