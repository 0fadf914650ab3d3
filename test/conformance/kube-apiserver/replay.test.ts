import assert from 'node:assert/strict';
import { play } from './play.js';
import { readRecords, recordFiles, recordPath } from './records.js';
import { startFairlead, type Server } from './servers.js';

describe('what a kube-apiserver of 1.35 answered', function () {
  this.timeout(60_000);
  let server: Server;

  before(async () => {
    server = await startFairlead();
  });
  after(() => server.stop());

  for (const file of recordFiles()) {
    describe(file, () => {
      const { bases, cases } = readRecords(recordPath(file));
      for (const record of cases) {
        it(record.name, async () => {
          const replies = await play(server, record, bases);
          for (const [index, step] of record.steps.entries()) {
            assert.ok(step.reply, `step ${index} has no reply yet; record.ts writes it`);
            assert.deepEqual(replies[index], step.reply, step.request);
          }
        });
      }
    });
  }
});
