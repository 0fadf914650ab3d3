/**
 * Runs every test that this machine can run, in order: quick ones first, then those with real components, then the whole
 * system; says what was skipped and why; closes with `123 passed, 0 failed, 0 skipped`.
 *
 *     npx tsx test/run.ts [part of a path]...
 *
 * With CI=true, or FAIRLEAD_REQUIRE_ALL=1, a skipped test is a failure.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import Mocha from 'mocha';
import { skipsAreFailures } from './components/components.js';

const folder = fileURLToPath(new URL('.', import.meta.url));
const rank = (file: string): number => ['conformance/', 'e2e/'].findIndex((part) => file.startsWith(part));
const wanted = argv.slice(2);
const files = (readdirSync(folder, { recursive: true }) as string[])
  .filter((file) => file.endsWith('.test.ts') && (wanted.length === 0 || wanted.some((part) => file.includes(part))))
  .sort((left, right) => rank(left) - rank(right) || (left < right ? -1 : 1));

const mocha = new Mocha({ ui: 'bdd', reporter: 'spec', timeout: 20_000, forbidOnly: true });
for (const file of files) mocha.addFile(join(folder, file));
await mocha.loadFilesAsync();

const skipped: string[] = [];
const runner = mocha.run((failures) => {
  const passed = runner.stats?.passes ?? 0;
  const summary = `${passed} passed, ${failures} failed, ${skipped.length} skipped`;
  const refused = skipsAreFailures && skipped.length > 0;
  stdout.write([...skipped.map((title) => `skipped: ${title}`), summary, ''].join('\n'));
  exit(failures > 0 || refused || passed === 0 ? 1 : 0);
});
runner.on('pending', (test) => skipped.push(test.fullTitle()));
