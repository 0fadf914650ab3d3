import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Pod } from '../../../src/objects/kinds/core-v1.js';
import { makeTestImages, realDocker } from '../../components/images.js';
import { isReady } from '../../runtime/kubelet/test-cluster.js';

const PROGRAM = fileURLToPath(new URL('node-process.ts', import.meta.url));

/** A node that runs in another process. */
class NodeProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  constructor(folder: string, runtime: string) {
    this.#child = spawn(execPath, ['--import', 'tsx', PROGRAM, folder, runtime], { stdio: 'pipe' });
    this.#child.stderr.on('data', (text: Buffer) => process.stderr.write(text));
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async answer(): Promise<unknown> {
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('the node process ended');
    return JSON.parse(value) as unknown;
  }

  async ask(command: string): Promise<Pod | null> {
    this.#child.stdin.write(`${command}\n`);
    return (await this.answer()) as Pod | null;
  }

  async until(condition: (pod: Pod | null) => boolean): Promise<Pod | null> {
    for (;;) {
      const pod = await this.ask('get');
      if (condition(pod)) return pod;
      await delay(50);
    }
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

const identity = (pod: Pod | null) =>
  pod?.status?.containerStatuses?.map(({ name, containerID, restartCount, state }) => ({
    name,
    containerID,
    restartCount,
    state,
  }));

describe('a node that is killed', function () {
  this.timeout(60_000);

  for (const runtime of ['process', 'docker']) {
    it(`adopts its containers on ${runtime}, whenever it was killed`, async function () {
      if (runtime === 'docker') await makeTestImages(this, await realDocker(this));
      const folder = mkdtempSync(join(tmpdir(), 'fairlead-kill-'));
      let node = new NodeProcess(folder, runtime);
      try {
        await node.answer();
        await node.ask('run');
        // At first in the middle of starting, then while everything runs.
        await delay(150);
        await node.kill();
        node = new NodeProcess(folder, runtime);
        await node.answer();
        const before = await node.until((pod) => pod !== null && isReady(pod));
        assert.deepEqual(
          before?.status?.containerStatuses?.map(({ restartCount }) => restartCount),
          [0, 0],
        );
        for (let round = 0; round < 3; round += 1) {
          await node.kill();
          node = new NodeProcess(folder, runtime);
          await node.answer();
          await delay(700);
          const after = await node.ask('get');
          assert.deepEqual(identity(after), identity(before));
          assert.equal(after !== null && isReady(after), true);
        }
        await node.ask('delete');
        await node.until((pod) => pod === null);
      } finally {
        await node.kill();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
