/**
 * `tsx bench/helm/helm-template.ts DIST CHART...`: the wall time of a whole `fairlead template` process (compiled, in
 * DIST) beside `helm template`, and renders per second in one process, with the memory of each. Both are measured in
 * turns, so that both meet the same machine.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv, execPath, memoryUsage } from 'node:process';
import { FolderTree } from '../../src/render/files/folder-tree.js';
import { loadChart } from '../../src/render/helm/chart/load-chart.js';
import { templateOutput } from '../../src/render/helm/release/template-output.js';
import { renderChart } from '../../src/render/helm/render-chart.js';
import { realTool } from '../../test/components/components.js';

const TURNS = 11;
const WARM_MS = 3000;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const timed = (command: string, args: readonly string[]): number => {
  const start = performance.now();
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'ignore'], maxBuffer: 256 * 1024 * 1024 });
  return performance.now() - start;
};

/** Largest resident memory of one run, in MiB, as the system counts it while the process lives (Linux). */
const peak = async (command: string, args: readonly string[]): Promise<number> => {
  const child = spawn(command, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  let most = 0;
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await ended;
  return Math.round(most / 1024);
};

const warmRenders = async (chart: string): Promise<number> => {
  const tree = new FolderTree(chart);
  const once = async (): Promise<number> => {
    const rendered = await renderChart(await loadChart(tree, ''), { releaseName: 'r', namespace: 'default' });
    return templateOutput(rendered).length;
  };
  for (let i = 0; i < 5; i++) await once();
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < WARM_MS) {
    await once();
    count += 1;
  }
  return count / ((performance.now() - start) / 1000);
};

const [, , dist = 'dist', ...charts] = argv;
const helm = await realTool('helm');
const main = resolve(join(dist, 'cli', 'main.cjs'));
for (const chart of charts.map((each) => resolve(each))) {
  const args = ['template', 'r', chart];
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    theirs.push(timed(helm, args));
    ours.push(timed(execPath, [main, ...args]));
  }
  const cold = { helm: Math.round(median(theirs)), fairlead: Math.round(median(ours)) };
  const warm = await warmRenders(chart);
  console.log(chart);
  console.log(
    `  cold: helm ${cold.helm} ms, fairlead ${cold.fairlead} ms, ratio ${(cold.fairlead / cold.helm).toFixed(2)}`,
  );
  console.log(
    `  peak memory: helm ${await peak(helm, args)} MiB, fairlead ${await peak(execPath, [main, ...args])} MiB`,
  );
  console.log(
    `  warm: ${warm.toFixed(1)} renders/s in one process, helm processes ${(1000 / median(theirs)).toFixed(1)}/s, ratio ${((warm * median(theirs)) / 1000).toFixed(1)}; ${Math.round(memoryUsage().rss / 1024 / 1024)} MiB`,
  );
}
