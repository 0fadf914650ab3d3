import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiProcess } from '../api/api-process.js';

/**
 * A program with client-go's informers for JSON and protobuf (pods, deployments, ConfigMaps), dynamic ones (ConfigMaps,
 * crontabs.stable.example.com) and metadata (deployments). It reads KUBECONFIG, writes a line when they have synced, and
 * for every line that it reads one with its caches: `{"protobuf/pods": ["namespace/name@resourceVersion"]}`.
 */
const PROGRAM = env['FAIRLEAD_CLIENT_GO_INFORMERS'];
const CHANGES = 1000;
const PATIENCE_MS = 60_000;

const PATHS = {
  pods: '/api/v1/namespaces/default/pods',
  deployments: '/apis/apps/v1/namespaces/default/deployments',
  configmaps: '/api/v1/namespaces/default/configmaps',
  crontabs: '/apis/stable.example.com/v1/namespaces/default/crontabs',
} as const;

type Resource = keyof typeof PATHS;

const container = { name: 'web', image: 'example.com/web' };
const labels = { app: 'web' };
const SPECS: Readonly<Record<Resource, object>> = {
  pods: { spec: { containers: [container] } },
  deployments: {
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
  },
  configmaps: { data: { key: 'value' } },
  crontabs: { apiVersion: 'stable.example.com/v1', kind: 'CronTab', spec: { cron: '* * * * *' } },
};

const DEFINITION = {
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        },
      },
    ],
  },
};

interface Listed {
  readonly items: readonly {
    readonly metadata: { readonly namespace?: string; readonly name: string; readonly resourceVersion: string };
  }[];
}

const RESOURCES = Object.keys(PATHS) as readonly Resource[];

/** Creates, changes and deletes: object after object of each resource in turn. */
const change = async (server: ApiProcess, round: string): Promise<void> => {
  for (let index = 0; index < CHANGES / 4; index += 1) {
    const resource = RESOURCES[index % RESOURCES.length] as Resource;
    const name = `${round}-${index}`;
    const made = await server.ask('POST', PATHS[resource], { ...SPECS[resource], metadata: { name } });
    assert.equal(made.code, 201, made.text);
    const object = JSON.parse(made.text) as { readonly metadata: object };
    for (const step of ['one', 'two']) {
      const changed = { ...object, metadata: { ...object.metadata, resourceVersion: undefined, labels: { step } } };
      const current = JSON.parse(
        (await server.ask('GET', `${PATHS[resource]}/${name}`)).text,
      ) as Listed['items'][number];
      const body = { ...changed, metadata: { ...changed.metadata, resourceVersion: current.metadata.resourceVersion } };
      const answer = await server.ask('PUT', `${PATHS[resource]}/${name}`, body);
      assert.equal(answer.code, 200, answer.text);
    }
    if (index % 3 === 0) await server.ask('DELETE', `${PATHS[resource]}/${name}`);
  }
};

const stateOf = async (server: ApiProcess, resource: Resource): Promise<readonly string[]> => {
  // The definition is in a namespace of the path only; the informers follow all namespaces.
  const path = PATHS[resource].replace('/namespaces/default', '');
  const { items } = JSON.parse((await server.ask('GET', path)).text) as Listed;
  return items
    .map(({ metadata: { namespace = '', name, resourceVersion: version } }) => `${namespace}/${name}@${version}`)
    .sort();
};

const cachesOf = async (
  program: ChildProcess,
  lines: Interface,
): Promise<Readonly<Record<string, readonly string[]>>> => {
  const line = once(lines, 'line');
  program.stdin?.write('state\n');
  return JSON.parse(((await line) as [string])[0]) as Record<string, readonly string[]>;
};

/** Asks until every cache is what its list is, or patience ends. */
const converges = async (server: ApiProcess, program: ChildProcess, lines: Interface): Promise<void> => {
  const wanted = new Map<string, readonly string[]>();
  for (const resource of RESOURCES) wanted.set(resource, await stateOf(server, resource));
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const caches = Object.entries(await cachesOf(program, lines));
    assert.ok(caches.length >= 9);
    const behind = caches.find(([name, items]) => items.join() !== wanted.get(name.split('/')[1] ?? '')?.join());
    if (behind === undefined) return;
    assert.ok(Date.now() < deadline, `${behind[0]} is not what the list is`);
    await delay(50);
  }
};

const test = (program: string) => (): void => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-client-go-'));
  let server: ApiProcess | undefined;
  let informers: ChildProcess | undefined;
  after(async () => {
    informers?.kill('SIGKILL');
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`have what the list has after ${CHANGES} changes and the server killed between them`, async function () {
    this.timeout(180_000);
    server = await ApiProcess.start(folder);
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    assert.equal((await server.ask('POST', definitions, DEFINITION)).code, 201);
    while ((await server.ask('GET', PATHS.crontabs)).code !== 200) await delay(20);
    await change(server, 'before');
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, server.kubeconfig, { mode: 0o600 });
    informers = spawn(program, { env: { KUBECONFIG: kubeconfig }, stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: informers.stdout as NonNullable<ChildProcess['stdout']> });
    await once(lines, 'line');
    await converges(server, informers, lines);
    await change(server, 'while');
    await server.kill();
    server = await ApiProcess.start(folder, { port: server.port });
    await change(server, 'after');
    await converges(server, informers, lines);
  });
};

// Defined only where somebody has built the program: it needs Go, which this project does without.
if (PROGRAM !== undefined && PROGRAM !== '') describe('the informers of client-go', test(PROGRAM));
