import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiProcess } from './api-process.js';

const PATH = '/api/v1/namespaces/default/configmaps';
const WATCHES = 2000;

const configMap = (name: string, value = ''): object => ({ metadata: { name }, data: { value } });

/** Resolves with everything read until `until` occurs in it, or the end. */
const readUntil = (answer: IncomingMessage, until: string): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    const done = (): void => resolve(text);
    answer.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes(until)) done();
    });
    answer.once('close', done);
    answer.resume();
  });

describe('watches of the API server', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-watches-'));
  let server: ApiProcess;

  before(async () => {
    server = await ApiProcess.start(folder, { maxWatchQueue: 500 });
  });

  after(async () => {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const openWatch = (): Promise<IncomingMessage> => server.open('GET', `${PATH}?watch=1`, undefined, true);

  it(`tells ${WATCHES} at once of one change, and serves others meanwhile`, async () => {
    const answers: IncomingMessage[] = [];
    while (answers.length < WATCHES) answers.push(...(await Promise.all(Array.from({ length: 50 }, openWatch))));
    const told = answers.map((answer) => readUntil(answer, '"name":"mark"'));
    assert.equal((await server.ask('POST', PATH, configMap('mark'))).code, 201);
    for (const text of await Promise.all(told)) assert.match(text, /^\{"type":"ADDED".*"name":"mark"/);
    assert.equal((await server.ask('GET', '/readyz')).code, 200);
    for (const answer of answers) answer.destroy();
  });

  it('ends a watch whose client does not read, with Expired and without keeping all that it missed', async () => {
    const slow = await openWatch();
    slow.pause();
    const value = 'x'.repeat(20_000);
    const changes = 3000;
    for (let at = 0; at < changes; at += 100) {
      const writes = Array.from({ length: 100 }, (_, index) =>
        server.ask('PUT', `${PATH}/mark`, configMap('mark', `${at + index}${value}`)),
      );
      for (const { code, text } of await Promise.all(writes)) assert.equal(code, 200, text);
    }
    const text = await readUntil(slow, '"type":"ERROR"');
    assert.match(text.split('\n').at(-2) ?? '', /^\{"type":"ERROR".*"reason":"Expired"/);
    assert.ok(text.split('\n').length < changes, 'not every change was kept for it');
  });
});
