/**
 * Runs benchmarks one after the other and prints each as a row beside its peer of the same run.
 *
 *     npm run bench [name...]
 */
import { spawnSync } from 'node:child_process';
import { argv, execPath, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { cpus, totalmem } from 'node:os';
import type { Benchmark } from './benchmark.js';
import { BenchmarkSkipped, mebibytes } from './benchmark.js';
import { applications } from './applications.js';
import { deploy } from './deploy.js';
import { scheduler } from './scheduler.js';
import { start } from './start.js';
import { store } from './store.js';

/** Benchmarks that print for themselves. */
const scripted = (name: string, title: string, script: string, ...args: readonly string[]): Benchmark => ({
  name,
  title,
  run: async () => {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const { status } = spawnSync(execPath, ['--import', 'tsx', path, ...args], { stdio: 'inherit' });
    if (status !== 0) throw new Error(`${script} ended with ${status}`);
    return [];
  },
});

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const chart = fileURLToPath(new URL('../examples/repo/charts/greeter', import.meta.url));

const BENCHMARKS: readonly Benchmark[] = [
  start,
  store,
  scheduler,
  applications,
  deploy,
  scripted('helm', 'fairlead template beside helm template', 'helm/helm-template.ts', dist, chart),
  scripted('kustomize', 'fairlead kustomize beside kubectl kustomize', 'kustomize/kustomize-build.ts', dist),
  scripted('api', 'The API server under load, beside etcd', 'api/api.ts'),
];

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
