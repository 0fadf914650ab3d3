import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { readAnswer } from '../../../src/cluster/api/read-answer.js';

const answer = (...chunks: readonly string[]): IncomingMessage => {
  const stream = new PassThrough();
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return stream as unknown as IncomingMessage;
};

describe('readAnswer', () => {
  it('reads to the end', async () => {
    assert.equal(await readAnswer(answer('one ', 'two'), 7), 'one two');
  });

  it('stops at what is longer than the limit', async () => {
    await assert.rejects(readAnswer(answer('one ', 'two'), 6), /too large/);
  });
});
