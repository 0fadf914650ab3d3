import { setTimeout as delay } from 'node:timers/promises';
import { Application } from '../src/sync/applications/application.js';
import { startGitServer } from '../test/components/git-server.js';
import type { RunningServer } from '../test/e2e/fairlead.js';
import { eventually, startServer } from '../test/e2e/fairlead.js';
import type { Benchmark } from './benchmark.js';
import { mebibytes, milliseconds, seconds, timed } from './benchmark.js';
import { usageOf } from './start.js';

const COUNT = 1000;
const IDLE_MS = 20_000;

const manifests = (index: number, version: number): string => `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  version: "${version}"
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels:
      app: web-${index}
  template:
    metadata:
      labels:
        app: web-${index}
      annotations:
        version: "${version}"
    spec:
      containers:
        - name: web
          image: example.com/web:1
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web-${index}
  ports:
    - port: 80
`;

const application = (index: number, repoURL: string): Application => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: `app-${index}`, namespace: 'argocd' },
  spec: {
    project: 'default',
    source: { repoURL, path: `apps/${index}`, targetRevision: 'main' },
    destination: { server: 'https://kubernetes.default.svc', namespace: `app-${index}` },
    syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['CreateNamespace=true'] },
  },
});

const isDone = ({ status }: Application): boolean =>
  status?.sync?.status === 'Synced' && status.health?.status === 'Healthy';

const allDone = async ({ client }: RunningServer): Promise<true | undefined> => {
  const { items } = await client.list(Application, { namespace: 'argocd' });
  return items.length === COUNT && items.every(isDone) ? true : undefined;
};

/** Waits longer than a test would. */
const untilAllDone = async (server: RunningServer): Promise<void> => {
  for (let minute = 0; minute < 5; minute += 1) {
    if (await eventually(() => allDone(server)).catch(() => false)) return;
  }
  throw new Error('not all applications became healthy within five minutes');
};

export const applications: Benchmark = {
  name: 'applications',
  title: `${COUNT} applications of one repository (3 objects each), simulated runtime with 20 nodes (no peer on this machine)`,
  run: async () => {
    const git = await startGitServer();
    const repository = await git.createRepository('many');
    const files = Object.fromEntries(
      Array.from({ length: COUNT }, (_, index) => [`apps/${index}/all.yaml`, manifests(index, 1)]),
    );
    await repository.commit(files);
    const server = await startServer(['--runtime', 'simulated', '--nodes', '20', '--poll-interval', '1']);
    try {
      const { ms: synced } = await timed(async () => {
        await Promise.all(
          Array.from({ length: COUNT }, (_, index) => server.client.create(application(index, repository.url))),
        );
        await untilAllDone(server);
      });
      const { rss } = usageOf(server.pid);
      const requests = git.requests.filter(({ path }) => path.endsWith('/git-upload-pack')).length;
      await delay(10_000);
      const idle = usageOf(server.pid);
      await delay(IDLE_MS);
      const later = usageOf(server.pid);
      const before = usageOf(server.pid).cpuMs;
      const revision = await repository.commit({ 'apps/500/all.yaml': manifests(500, 2) });
      const { ms: changed } = await timed(() =>
        eventually(async () => {
          const found = await server.client.get(Application, { namespace: 'argocd', name: 'app-500' });
          return found !== undefined && isDone(found) && found.status?.sync?.revision === revision ? true : undefined;
        }),
      );
      await delay(1000);
      const work = usageOf(server.pid).cpuMs - before;
      return [
        { what: 'from nothing to synced and healthy', ours: seconds(synced), aim: '40 s' },
        { what: 'memory then', ours: mebibytes(rss), aim: 'under 300 MiB' },
        { what: 'fetches of the repository', ours: String(requests) },
        {
          what: 'idle CPU (polling the repository each second)',
          ours: `${(((later.cpuMs - idle.cpuMs) / IDLE_MS) * 100).toFixed(2)} %`,
          aim: 'under 1 %',
        },
        { what: 'CPU time for a commit that touches one of them', ours: milliseconds(work), aim: 'under 200 ms' },
        { what: 'that commit to healthy, with up to 1 s of polling', ours: seconds(changed) },
      ];
    } finally {
      await server.remove();
      await git.close();
    }
  },
};
