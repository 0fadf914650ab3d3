import { writeSync } from 'node:fs';
import { openLmdbStore } from '../../../src/cluster/store/lmdb-store.js';
import { configMap, keyFor } from './store-conformance.js';

/** Creates objects until it is killed, ten at a time, and prints each acknowledged name and revision at once. */
const store = openLmdbStore(process.argv[2] ?? '');
const start = store.revision;
for (let turn = 0; ; turn += 1) {
  await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const name = `w${start}-${turn}-${index}`;
      const { revision } = await store.commit({ type: 'create', key: keyFor(name), object: configMap(name) });
      writeSync(1, `${name} ${revision}\n`);
    }),
  );
}
