import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const module = fileURLToPath(new URL('../../src/objects/timeout-signal.ts', import.meta.url));

describe('timeoutSignal', () => {
  it('fires after a garbage collection when only AbortSignal.any knows of it', async () => {
    const program = `
      import { timeoutSignal } from ${JSON.stringify(module)};
      const parent = new AbortController();
      const limited = (() => AbortSignal.any([parent.signal, timeoutSignal(200)]))();
      setTimeout(() => globalThis.gc(), 50);
      setTimeout(() => globalThis.gc(), 100);
      const waiting = setInterval(() => {}, 1000);
      limited.addEventListener('abort', () => { clearInterval(waiting); process.stdout.write(limited.reason.name); });
    `;
    const { stdout } = await run(
      process.execPath,
      ['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', program],
      { timeout: 15_000 },
    );
    assert.equal(stdout, 'TimeoutError');
  });
});
