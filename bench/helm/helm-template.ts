/**
 * `tsx bench/helm/helm-template.ts DIST CHART...`: the wall time of a whole `fairlead template` process (compiled, in
 * DIST) beside `helm template`, and renders per second in one process, with the CPU time and memory of each, on the charts
 * that are named and on two generated ones, a middle and a very large one. Both are measured in turns, so that both meet
 * the same machine; on a busy one, CPU time is what can be compared.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { argv, cpuUsage, execPath, memoryUsage } from 'node:process';
import { FolderTree } from '../../src/render/files/folder-tree.js';
import { loadChart } from '../../src/render/helm/chart/load-chart.js';
import { templateOutput } from '../../src/render/helm/release/template-output.js';
import { renderChart } from '../../src/render/helm/render-chart.js';
import { renderHelm } from '../../src/render/helm/render-helm.js';
import { realTool } from '../../test/components/components.js';
import { writeChart } from './generated-charts.js';

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

/** CPU time of all children that have ended, in milliseconds (Linux; in steps of 10 ms). */
const childrenCpu = (): number => {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) * 10;
};

interface Rate {
  readonly perSecond: number;
  readonly cpuMs: number;
}

/** Renders for that much CPU time; answers how often, and in which time. */
const repeat = async (render: () => Promise<unknown>, cpuMs: number): Promise<Rate> => {
  const start = performance.now();
  const before = cpuUsage();
  let count = 0;
  let used = 0;
  while (used < cpuMs) {
    await render();
    count += 1;
    const { user, system } = cpuUsage(before);
    used = (user + system) / 1000;
  }
  return { perSecond: count / ((performance.now() - start) / 1000), cpuMs: used / count };
};

/** The same render again and again in this process: counted in CPU time, so that a busy machine warms it up as well. */
const rateOf = async (render: () => Promise<unknown>): Promise<Rate> => {
  await repeat(render, WARM_MS);
  return await repeat(render, WARM_MS);
};

/** What `helm template` prints, from the chart's folder to the text. */
const printed = (chart: string): Promise<Rate> => {
  const tree = new FolderTree(chart);
  return rateOf(async () => {
    const rendered = await renderChart(await loadChart(tree, ''), { releaseName: 'r', namespace: 'default' });
    return templateOutput(rendered).length;
  });
};

/** What the operator does: from the chart's folder to the objects, CRDs among them. */
const deployed = (chart: string): Promise<Rate> => {
  const tree = new FolderTree(chart);
  const options = {
    path: '',
    applicationName: 'r',
    namespace: 'default',
    kubeVersion: 'v1.35.0',
    apiVersions: [],
    helm: {},
  };
  const signal = new AbortController().signal;
  return rateOf(async () => await renderHelm(tree, options, signal));
};

const [, , dist = 'dist', ...charts] = argv;
const helm = await realTool('helm');
const main = resolve(join(dist, 'cli', 'main.cjs'));
const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-helm-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const generated = [
  writeChart(join(folder, 'middle'), { subcharts: 5, parts: 4, definitions: 0 }),
  writeChart(join(folder, 'very-large'), { subcharts: 20, parts: 10, definitions: 40 }),
];
for (const chart of [...charts.map((each) => resolve(each)), ...generated]) {
  const args = ['template', 'r', chart];
  const ours: number[] = [];
  const theirs: number[] = [];
  const cpu = { ours: 0, theirs: 0 };
  for (let turn = 0; turn < TURNS; turn++) {
    const start = childrenCpu();
    theirs.push(timed(helm, args));
    const between = childrenCpu();
    ours.push(timed(execPath, [main, ...args]));
    cpu.theirs += (between - start) / TURNS;
    cpu.ours += (childrenCpu() - between) / TURNS;
  }
  const cold = { helm: median(theirs), fairlead: median(ours) };
  const rates = { printed: await printed(chart), deployed: await deployed(chart) };
  const ms = (value: number): string => value.toFixed(value < 10 ? 2 : 0);
  const warm = ({ perSecond, cpuMs }: Rate): string =>
    `${perSecond.toFixed(1)}/s, ratio ${((perSecond * cold.helm) / 1000).toFixed(1)}; CPU ${ms(cpuMs)} ms each, ratio ${(cpu.theirs / cpuMs).toFixed(1)}`;
  console.log(chart);
  console.log(
    `  cold: helm ${ms(cold.helm)} ms, fairlead ${ms(cold.fairlead)} ms, ratio ${(cold.fairlead / cold.helm).toFixed(2)}; CPU ${ms(cpu.theirs)} and ${ms(cpu.ours)} ms, ratio ${(cpu.ours / cpu.theirs).toFixed(2)}`,
  );
  console.log(
    `  peak memory: helm ${await peak(helm, args)} MiB, fairlead ${await peak(execPath, [main, ...args])} MiB`,
  );
  console.log(`  helm processes: ${(1000 / cold.helm).toFixed(1)}/s`);
  console.log(`  warm, printed: ${warm(rates.printed)}`);
  console.log(`  warm, as objects: ${warm(rates.deployed)}; ${Math.round(memoryUsage().rss / 1024 / 1024)} MiB`);
}
