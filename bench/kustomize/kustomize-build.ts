/**
 * `tsx bench/kustomize/kustomize-build.ts DIST`: the wall time of a whole `fairlead kustomize` process (compiled, in
 * DIST) beside `kubectl kustomize`, and builds per second in one process beside running `kubectl kustomize`, on a
 * small, a middle, a large and a very large build, with the memory of the processes. Measured in turns, so that both
 * meet the same machine.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { argv, execPath } from 'node:process';
import { FolderTree } from '../../src/render/files/folder-tree.js';
import { buildOverlay } from '../../src/render/kustomize/build/build-overlay.js';
import { printOverlay } from '../../src/render/kustomize/print-overlay.js';
import { realTool } from '../../test/components/components.js';
import { median } from '../benchmark.js';

const WARM_MS = 2000;
/** kubectl takes time with the square of the objects: the very large build can be beyond it. */
const LIMIT_MS = 600_000;

const deployment = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      serviceAccountName: runner
      containers:
      - name: web
        image: team/web:1
        args: [--port, "8080"]
        ports: [{containerPort: 8080, name: http}]
        envFrom: [{configMapRef: {name: settings}}]
        resources: {requests: {cpu: 10m, memory: 32Mi}}
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: {app: ${name}}
  ports: [{port: 80, targetPort: http}]
`;

/** A base with `count` deployments and services, and an overlay that changes all of them. */
const makeOverlay = (folder: string, count: number): string => {
  mkdirSync(join(folder, 'base'), { recursive: true });
  mkdirSync(join(folder, 'overlay'));
  const names = Array.from({ length: count }, (_, at) => `app-${at}`);
  for (const name of names) writeFileSync(join(folder, 'base', `${name}.yaml`), deployment(name));
  const resources = names.map((name) => `- ${name}.yaml`).join('\n');
  const generator = 'configMapGenerator:\n- name: settings\n  literals: [mode=fast]\n';
  writeFileSync(join(folder, 'base', 'kustomization.yaml'), `resources:\n${resources}\n${generator}`);
  const patch =
    'patches:\n- target: {kind: Deployment}\n  patch: |-\n    - {op: add, path: /spec/replicas, value: 2}\n';
  writeFileSync(
    join(folder, 'overlay', 'kustomization.yaml'),
    `resources: [../base]\nnamePrefix: prod-\nnamespace: prod\nlabels: [{pairs: {env: prod}}]\nimages: [{name: team/web, newTag: "2"}]\n${patch}`,
  );
  return realpathSync(join(folder, 'overlay'));
};

interface Measured {
  readonly milliseconds: number;
  /** Most memory that the process had at once, in MiB; 0 where the system does not tell. */
  readonly mebibytes: number;
}

const PEAK = /VmHWM:\s+(\d+) kB/;

const peakOf = (pid: number): number => {
  try {
    return Number(PEAK.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

/** Undefined when the process takes longer than the limit. */
const measured = async (command: string, args: readonly string[], limitMs: number): Promise<Measured | undefined> => {
  const start = performance.now();
  const child = spawn(command, args, { stdio: 'ignore', timeout: limitMs });
  let mebibytes = 0;
  const poll = setInterval(() => {
    mebibytes = Math.max(mebibytes, peakOf(child.pid ?? 0));
  }, 5);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(poll);
  if (code === null) return undefined;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
  return { milliseconds: performance.now() - start, mebibytes };
};

const mediansOf = (runs: readonly Measured[]): string =>
  `${median(runs.map(({ milliseconds }) => milliseconds)).toFixed(0)} ms (${median(runs.map(({ mebibytes }) => mebibytes)).toFixed(0)} MiB)`;

const buildOnce = async (folder: string): Promise<string> =>
  printOverlay(await buildOverlay(new FolderTree('/'), folder.slice(1), {}, AbortSignal.timeout(600_000)));

const warmMilliseconds = async (folder: string): Promise<number> => {
  for (let count = 0; count < 3; count++) await buildOnce(folder);
  const start = performance.now();
  let builds = 0;
  while (performance.now() - start < WARM_MS || builds < 3) {
    await buildOnce(folder);
    builds += 1;
  }
  return (performance.now() - start) / builds;
};

const benchmark = async (name: string, folder: string, turns: number): Promise<string> => {
  const [ours, theirs]: [Measured[], Measured[]] = [[], []];
  for (let turn = 0; turn < turns; turn++) {
    const own = await measured(execPath, [join(dist, 'cli', 'main.cjs'), 'kustomize', folder], LIMIT_MS);
    const peer = await measured(kubectl, ['kustomize', folder], LIMIT_MS);
    if (own === undefined) throw new Error(`${name}: not built within ${LIMIT_MS / 60_000} minutes`);
    ours.push(own);
    if (peer !== undefined) theirs.push(peer);
  }
  const warm = await warmMilliseconds(folder);
  const cold = median(ours.map(({ milliseconds }) => milliseconds));
  const start = `${name}: cold ${mediansOf(ours)}; warm ${warm.toFixed(2)} ms a build`;
  if (theirs.length === 0) return `${start}; kubectl did not finish within ${LIMIT_MS / 60_000} minutes`;
  const peer = median(theirs.map(({ milliseconds }) => milliseconds));
  return `${start}; kubectl ${mediansOf(theirs)}; cold ratio ${(cold / peer).toFixed(2)}, warm ${(peer / warm).toFixed(1)} x kubectl`;
};

const dist = resolve(argv[2] ?? 'dist');
const kubectl = await realTool('kubectl');
const scratch = mkdtempSync(join(tmpdir(), 'bench-kustomize-'));
try {
  for (const [name, count, turns] of [
    ['small', 3, 9],
    ['middle', 100, 7],
    ['large', 400, 3],
    ['very large', 2000, 1],
  ] as const) {
    const folder = makeOverlay(join(scratch, name.replace(' ', '-')), count);
    if (count <= 100) {
      const output = execFileSync(kubectl, ['kustomize', folder], { encoding: 'utf8', maxBuffer: 1 << 30 });
      if (output !== (await buildOnce(folder))) throw new Error(`${name}: the outputs differ`);
    }
    console.log(await benchmark(`${name} (${count * 2 + 1} objects)`, folder, turns));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
