import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { openLmdbStore } from '../src/cluster/store/lmdb-store.js';
import type { Benchmark } from './benchmark.js';
import { perSecond, timed } from './benchmark.js';

const WRITERS = 100;
const WRITES = 100;
const VALUE = 'x'.repeat(1800);

/** Every writer waits for the durability of each of its writes before the next one. */
const rate = async (write: (key: string) => Promise<unknown>): Promise<number> => {
  const { ms } = await timed(() =>
    Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        for (let index = 0; index < WRITES; index += 1) await write(`${writer}-${index}`);
      }),
    ),
  );
  return (WRITERS * WRITES * 1000) / ms;
};

export const store: Benchmark = {
  name: 'store',
  title: 'Durable creates of 2 kB, 100 writers, beside puts into LMDB alone (one fsync for those that wait together)',
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
    try {
      const ours = openLmdbStore(join(folder, 'store'));
      const oursRate = await rate((name) =>
        ours.commit({
          type: 'create',
          key: `/registry/core/configmaps/default/${name}`,
          object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value: VALUE } },
        }),
      );
      await ours.close();
      const peer = open({ path: join(folder, 'peer.lmdb'), encoding: 'binary', overlappingSync: false });
      const value = Buffer.from(VALUE);
      const peerRate = await rate((name) => peer.put(name, value));
      await peer.close();
      return [
        {
          what: 'creates',
          ours: perSecond(oursRate),
          peer: { name: 'LMDB puts', value: perSecond(peerRate) },
          ratio: oursRate / peerRate,
        },
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
