import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { diffLines } from 'diff';
import { serverOf, type Server } from '../kube-apiserver/servers.js';
import { startControlPlane, type ControlPlane } from '../kubectl/control-plane.js';
import { unpacked, type Look } from './looks.js';
import { Player } from './player.js';
import { readStories, storyFiles, storyPath, type Story } from './stories.js';

/** Looks until it sees what it should, or for so long that it never will. */
const sees = async (player: Player, expected: unknown): Promise<Look> => {
  const deadline = Date.now() + 40_000;
  for (;;) {
    const seen = await player.look();
    if (isDeepStrictEqual(seen, expected) || Date.now() > deadline) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

interface Played {
  readonly look: string;
  readonly seen: Look;
  readonly expected: Look;
}

const play = async (server: Server, story: Story): Promise<readonly Played[]> => {
  const player = new Player(server, story);
  await player.begin();
  const looks = unpacked(story.steps.flatMap(({ seen }) => seen ?? []));
  const played: Played[] = [];
  for (const step of story.steps) {
    await player.act(step);
    if (step.look === undefined) continue;
    assert.ok(step.seen !== undefined, `"${step.look}" has not been recorded; record.ts does it`);
    const expected = looks[played.length] as Look;
    const seen = await sees(player, expected);
    played.push({ look: step.look, seen, expected });
    if (!isDeepStrictEqual(seen, expected)) break;
  }
  await player.end();
  return played;
};

describe('what the controllers of Kubernetes 1.35 did', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-stories-'));
  const files = storyFiles().map((file) => ({ file, stories: readStories(storyPath(file)).stories }));
  const results = new Map<Story, Promise<readonly Played[]>>();
  let plane: ControlPlane;
  let server: Server;

  // Stories wait for controllers most of the time, so that all are played at once, each in its namespace.
  before(async () => {
    plane = await startControlPlane(folder);
    server = await serverOf(plane.kubeconfig);
    for (const story of files.flatMap(({ stories }) => stories)) {
      const result = play(server, story);
      result.catch(() => undefined);
      results.set(story, result);
    }
  });
  after(async () => {
    await Promise.allSettled(results.values());
    await server.stop();
    await plane.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { file, stories } of files) {
    describe(file, () => {
      for (const story of stories) {
        it(story.name, async () => {
          for (const { look, seen, expected } of (await results.get(story)) ?? []) {
            assert.deepEqual(seen, expected, `${look}: ${differences(expected, seen)}`);
          }
        });
      }
    });
  }
});

const differences = (expected: Look, seen: Look): string =>
  diffLines(lines(expected), lines(seen))
    .filter(({ added, removed }) => added || removed)
    .map(({ added, value }) => value.trimEnd().replaceAll(/^/gm, added ? '+ ' : '- '))
    .join('\n');

const lines = ({ objects, events = [] }: Look): string =>
  [...objects, ...events].map((item) => `${JSON.stringify(item)}\n`).join('');
