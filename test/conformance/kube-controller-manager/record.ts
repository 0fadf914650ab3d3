/**
 * Plays the stories against the cluster that FAIRLEAD_KUBE_APISERVER (a kubeconfig) names, whose controllers run, and
 * writes what it looked like into the record files:
 *
 *     node --import tsx test/conformance/kube-controller-manager/record.ts [file]
 *
 * With `compare FILE...` nothing is written: the stories (looks or not) are played against that cluster and against
 * Fairlead, whole objects, and what differs is printed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, env, exit, stderr, stdout } from 'node:process';
import { diffLines } from 'diff';
import { stringify, visit } from 'yaml';
import { serverOf, type Server } from '../kube-apiserver/servers.js';
import { startControlPlane } from '../kubectl/control-plane.js';
import { packed, type Look } from './looks.js';
import { Player } from './player.js';
import { readDocument, readStories, storyFiles, storyPath, type Story } from './stories.js';

const QUIET_MS = 1500;

const looksOf = async (server: Server, story: Story, whole: boolean): Promise<readonly Look[]> => {
  const player = new Player(server, story, whole);
  await player.begin();
  const looks: Look[] = [];
  for (const step of story.steps) {
    await player.act(step);
    if (step.look !== undefined) looks.push(await player.settled(step.quiet ?? QUIET_MS));
  }
  await player.end();
  return looks;
};

const record = async (real: Server, file: string, only: string | undefined): Promise<void> => {
  const path = storyPath(file);
  const document = readDocument(path);
  const { stories } = readStories(path);
  await Promise.all(
    stories.map(async (story, at) => {
      if (only !== undefined && !story.name.includes(only)) return;
      const looks = packed(await looksOf(real, story, false));
      const places = story.steps.flatMap((step, index) => (step.look === undefined ? [] : [index]));
      for (const [number, index] of places.entries()) {
        const seen = document.createNode(JSON.parse(JSON.stringify(looks[number])));
        visit(seen, { Collection: (_, node, path) => void (node.flow = path.length >= 3) });
        document.setIn(['stories', at, 'steps', index, 'seen'], seen);
      }
    }),
  );
  writeFileSync(path, document.toString({ lineWidth: 0, flowCollectionPadding: false }));
  stdout.write(`${file}: ${stories.length} stories\n`);
};

const compare = async (real: Server, paths: readonly string[], only: string | undefined): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-stories-'));
  const plane = await startControlPlane(folder);
  const own = await serverOf(plane.kubeconfig);
  for (const story of paths.flatMap((path) => readStories(path).stories)) {
    if (only !== undefined && !story.name.includes(only)) continue;
    const results = await Promise.allSettled([looksOf(real, story, true), looksOf(own, story, true)]);
    const [kube, fairlead] = results.map((result) =>
      result.status === 'fulfilled' ? result.value : [String(result.reason)],
    );
    let equal = true;
    for (const [index, { look }] of story.steps.filter((step) => step.look !== undefined).entries()) {
      const changes = diffLines(
        stringify(kube?.[index] ?? null, { aliasDuplicateObjects: false }),
        stringify(fairlead?.[index] ?? null, { aliasDuplicateObjects: false }),
      );
      if (changes.length <= 1) continue;
      equal = false;
      stdout.write(`\n=== ${story.name} / ${look ?? ''}\n`);
      for (const { added, removed, value } of changes) {
        const sign = added ? '+' : removed ? '-' : ' ';
        const lines = value.trimEnd().split('\n');
        const shown = sign === ' ' && lines.length > 6 ? [...lines.slice(0, 2), '...', ...lines.slice(-4)] : lines;
        for (const line of shown) stdout.write(`${sign} ${line}\n`);
      }
    }
    stdout.write(`${equal ? 'equal' : 'DIFFERENT'}: ${story.name}\n`);
  }
  await own.stop();
  await plane.close();
  rmSync(folder, { recursive: true, force: true });
};

const kubeconfig = env['FAIRLEAD_KUBE_APISERVER'];
if (kubeconfig === undefined) {
  stderr.write('FAIRLEAD_KUBE_APISERVER names no kubeconfig\n');
  exit(2);
}
const real = await serverOf(kubeconfig);
const [, , first, ...rest] = argv;
const only = env['STORY'];
if (first === 'compare') await compare(real, rest, only);
else for (const file of storyFiles(first)) await record(real, file, only);
await real.stop();
