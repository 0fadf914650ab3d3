/**
 * Runs benchmarks one after the other and prints each as a row beside its peer of the same run.
 *
 *     npm run bench [name...]
 */
import { argv, stdout } from 'node:process';
import { cpus, totalmem } from 'node:os';
import type { Benchmark } from './benchmark.js';
import { BenchmarkSkipped, mebibytes } from './benchmark.js';
import { applications } from './applications.js';
import { deploy } from './deploy.js';
import { scheduler } from './scheduler.js';
import { start } from './start.js';
import { store } from './store.js';

const BENCHMARKS: readonly Benchmark[] = [start, store, scheduler, applications, deploy];

const wanted = argv.slice(2);
const chosen = BENCHMARKS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0)
  throw new Error(`There is no such benchmark; there are: ${BENCHMARKS.map(({ name }) => name).join(', ')}`);

stdout.write(`Node.js ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'cpu'}, ${mebibytes(totalmem())}\n`);
for (const benchmark of chosen) {
  stdout.write(`\n${benchmark.title}\n\n| what | Fairlead | peer | ratio | aim |\n|---|---|---|---|---|\n`);
  try {
    for (const { what, ours, peer, ratio, aim } of await benchmark.run()) {
      const beside = peer === undefined ? '' : `${peer.value} (${peer.name})`;
      stdout.write(
        `| ${what} | ${ours} | ${beside} | ${ratio === undefined ? '' : ratio.toFixed(2)} | ${aim ?? ''} |\n`,
      );
    }
  } catch (error) {
    if (!(error instanceof BenchmarkSkipped)) throw error;
    stdout.write(`| skipped | ${error.message} | | | |\n`);
  }
}
process.exit(0);
