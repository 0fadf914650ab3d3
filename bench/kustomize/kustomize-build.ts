/**
 * `tsx bench/kustomize/kustomize-build.ts DIST`: the wall time of a whole `fairlead kustomize` process (compiled, in
 * DIST) beside `kubectl kustomize`, and builds per second in one process beside running `kubectl kustomize`, on a
 * small, a middle and a very large build. Measured in turns, so that both meet the same machine.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { argv, execPath } from 'node:process';
import { FolderTree } from '../../src/render/files/folder-tree.js';
import { buildOverlay } from '../../src/render/kustomize/build/build-overlay.js';
import { printOverlay } from '../../src/render/kustomize/print-overlay.js';
import { realTool } from '../../test/components/components.js';
import { median } from '../benchmark.js';

const WARM_MS = 2000;

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

const timed = (command: string, args: readonly string[]): number => {
  const start = performance.now();
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  return performance.now() - start;
};

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

const dist = resolve(argv[2] ?? 'dist');
const kubectl = await realTool('kubectl');
const scratch = mkdtempSync(join(tmpdir(), 'bench-kustomize-'));
try {
  for (const [name, count, turns] of [
    ['small', 3, 9],
    ['middle', 100, 7],
    ['large', 2000, 3],
  ] as const) {
    const folder = makeOverlay(join(scratch, name), count);
    const output = execFileSync(kubectl, ['kustomize', folder], { encoding: 'utf8', maxBuffer: 1 << 30 });
    if (output !== (await buildOnce(folder))) throw new Error(`${name}: the outputs differ`);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      ours.push(timed(execPath, [join(dist, 'cli', 'main.cjs'), 'kustomize', folder]));
      theirs.push(timed(kubectl, ['kustomize', folder]));
    }
    const warm = await warmMilliseconds(folder);
    const [cold, peer] = [median(ours), median(theirs)];
    console.log(
      `${name} (${count * 2 + 1} objects): cold ${cold.toFixed(0)} ms, kubectl ${peer.toFixed(0)} ms, ` +
        `ratio ${(cold / peer).toFixed(2)}; warm ${warm.toFixed(2)} ms a build, ${(peer / warm).toFixed(1)} x kubectl`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
