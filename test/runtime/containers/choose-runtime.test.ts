import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { detectRuntime } from '../../../src/runtime/containers/choose-runtime.js';

describe('detectRuntime', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-choose-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('takes processes when no engine answers, and says why', async () => {
    const env = { DOCKER_HOST: `unix://${join(folder, 'none.sock')}` };
    const detected = await detectRuntime('auto', env);
    assert.equal(detected.name, 'process');
    assert.match(detected.reason, /no container engine answers \(.*none\.sock: not there\)/);
  });

  it('fails when Docker is asked for and no engine answers, and says what helps', async () => {
    const env = { DOCKER_HOST: `unix://${join(folder, 'none.sock')}` };
    await assert.rejects(detectRuntime('docker', env), { code: 'unavailable', message: /--runtime process/ });
  });

  it('takes the engine that answers', async () => {
    const socketPath = join(folder, 'engine.sock');
    const engine = createServer((_request, response) => {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ Version: '99.1', ApiVersion: '1.41' }));
    });
    engine.listen(socketPath);
    await once(engine, 'listening');
    const detected = await detectRuntime('auto', { DOCKER_HOST: `unix://${socketPath}` });
    assert.deepEqual(detected, { name: 'docker', socketPath, reason: `container engine 99.1 on ${socketPath}` });
    engine.closeAllConnections();
    engine.close();
  });

  it('does as it is told without asking anybody', async () => {
    assert.equal((await detectRuntime('process', {})).name, 'process');
    assert.equal((await detectRuntime('simulated', {})).name, 'simulated');
  });
});
