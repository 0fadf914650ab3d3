import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHART = join(ROOT, 'examples', 'repo', 'charts', 'greeter');
const FILES = ['main.cjs', 'load-bundle.cjs', 'bundled-commands.cjs', 'bundled-commands.cjs.cache'];

describe('the bundled commands', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bundle-'));
  const dist = join(folder, 'dist', 'cli');
  const cache = join(dist, 'bundled-commands.cjs.cache');
  const run = (main: string, ...args: readonly string[]): string =>
    execFileSync(process.execPath, [main, ...args], { encoding: 'utf8', timeout: 60_000 });
  const fromSource = (...args: readonly string[]): string =>
    execFileSync(process.execPath, ['--import', 'tsx', join(ROOT, 'src', 'cli', 'main.cts'), ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 60_000,
    });

  before(() => {
    mkdirSync(dist, { recursive: true });
    for (const file of FILES) cpSync(join(ROOT, 'dist', 'cli', file), join(dist, file));
    cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('print what the sources print, with nothing but their file', () => {
    assert.equal(run(join(dist, 'main.cjs'), 'template', 'r', CHART), fromSource('template', 'r', CHART));
  });

  for (const bundle of ['bundled-commands.cjs', 'bundled-program.cjs']) {
    it(`use the compiled code that the build kept of ${bundle}`, () => {
      const built = join(ROOT, 'dist', 'cli');
      const script = `
        const { loadBundle } = require(${JSON.stringify(join(built, 'load-bundle.cjs'))});
        console.log(loadBundle(${JSON.stringify(join(built, bundle))}).script.cachedDataRejected);`;
      assert.equal(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }), 'false\n');
    });
  }

  it('run without it, and with one that is broken', () => {
    const expected = run(join(dist, 'main.cjs'), 'template', 'r', CHART);
    writeFileSync(cache, 'not what V8 wrote');
    assert.equal(run(join(dist, 'main.cjs'), 'template', 'r', CHART), expected);
    rmSync(cache);
    assert.equal(run(join(dist, 'main.cjs'), 'template', 'r', CHART), expected);
  });
});
