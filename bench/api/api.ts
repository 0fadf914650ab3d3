/**
 * The API server under load, over HTTPS and with a durable store: writes per second with 1, 10 and 100 clients beside
 * the puts of an etcd on the same disk, lists of 10,000 pods, fan-out to 1,000 watches, memory, and the start with many
 * objects. Where `FAIRLEAD_KUBE_APISERVER` names a kubeconfig, each phase is run against the real server too, after ours.
 *
 *     node --import tsx bench/api/api.ts [--objects 100000]
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, execPath, stdout } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { measureEtcd } from './etcd-peer.js';
import { kubeApiServer } from './kube-apiserver-peer.js';
import { fanOut, fill, fillWithPods, lists, measured, writes, type Figure } from './phases.js';
import { singly, together } from './watches.js';
import type { Target } from './target.js';

interface Running extends Target {
  readonly process: ChildProcess;
  readonly startMs: number;
  readonly startCpuMs: number;
  readonly objects: number;
}

const SERVER = fileURLToPath(new URL('api-under-load.ts', import.meta.url));

const startServer = async (folder: string): Promise<Running> => {
  const child = spawn(execPath, ['--import', 'tsx', SERVER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const ready = JSON.parse(line) as Pick<Running, 'port' | 'token' | 'startMs' | 'startCpuMs' | 'objects'>;
  return { ...ready, name: 'Fairlead', host: '127.0.0.1', process: child };
};

const stopServer = async ({ process }: Running): Promise<void> => {
  const ended = once(process, 'exit');
  process.kill('SIGTERM');
  await ended;
};

const say = (text: string): void => {
  stdout.write(`${text}\n`);
};

const numberText = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2);

const figureText = ({ value, unit }: Figure): string => `${numberText(value)}${unit === '/s' ? unit : ` ${unit}`}`;

/** Rows of a Markdown table; the ratio is ours to theirs. */
const sayRows = (phase: string, ours: readonly Figure[], theirs: readonly Figure[] | undefined): void => {
  for (const [index, figure] of ours.entries()) {
    const other = theirs?.[index];
    const beside = other === undefined ? ' | ' : `${figureText(other)} | ${numberText(figure.value / other.value)}`;
    say(`| ${phase}: ${figure.what} | ${figureText(figure)} | ${beside} |`);
  }
};

const sayStart = ({ objects, startMs, startCpuMs }: Running): void =>
  say(`| start with ${objects} objects | ${startMs.toFixed(0)} ms, ${startCpuMs.toFixed(0)} ms of CPU | | |`);

const main = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const objects = Number(argv[argv.indexOf('--objects') + 1]) || 100_000;
  try {
    const first = await startServer(folder);
    const peer = kubeApiServer();
    say(`| what | Fairlead | ${peer?.name ?? 'no peer'} | ratio |\n|---|---|---|---|`);
    sayStart(first);
    const fans = [fanOut(1000, singly, 'HTTP/1.1'), fanOut(1000, together, 'HTTP/2')];
    for (const phase of [...fans, writes(1), writes(10), writes(100), fillWithPods, lists, fill(objects)]) {
      const ours = await measured(phase, first);
      sayRows(phase.name, ours, peer && (await measured(phase, peer)));
    }
    await stopServer(first);
    const second = await startServer(folder);
    sayStart(second);
    await stopServer(second);
    say(await measureEtcd(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

await main();
