import { parse } from 'yaml';
import { Application } from '../../sync/applications/application.js';
import { shortRevision } from '../commands/app/application-text.js';
import { CommandFailure } from '../exit-statuses.js';
import type { Server } from '../server/start-server.js';
import type { ExampleRepository } from './example-repository.js';
import { followProgress } from './follow-progress.js';
import type { Visitor } from './visitor.js';
import { fetchPage, startVisitor } from './visitor.js';
import { timeoutSignal } from '../../objects/timeout-signal.js';

/** What the steps work on. */
export interface Demonstration {
  readonly server: Server;
  readonly repository: ExampleRepository;
  readonly signal: AbortSignal;
  /** Fires when no step follows, whatever the reason. */
  readonly ended: AbortSignal;
  /** The first revision. */
  readonly revision: string;
}

export interface Step {
  readonly title: string;
  readonly run: (report: (text: string) => void) => Promise<void>;
}

const PRODUCTION = { namespace: 'argocd', name: 'shop-production' };
const PAGE_HOST = 'shop.localhost';
const PAGE = 'shop/base/site/index.html';
const SETTINGS = 'shop/overlays/production/kustomization.yaml';
const BROKEN_SETTING = '      - PAGE=/srv/site/forgotten.html\n';
const VISIT_EVERY_MS = 25;
/** A step that has not got there in this time has failed. */
const STEP_TIMEOUT_MS = 60_000;

/** Everything after the server is up and the repository is served. */
export const steps = (demo: Demonstration): readonly Step[] => {
  let visitor: Visitor | undefined;
  const pages = [PAGE_HOST, 'staging.shop.localhost', 'greeter.localhost'];
  return [
    {
      title: 'Apply the root application: it deploys what the repository holds',
      run: async (report) => {
        const root = parse(demo.repository.rootManifest) as Application;
        await following(demo, report, async () => {
          await demo.server.client.apply(root, { fieldManager: 'fairlead-demo', force: true });
          for (const name of ['root', 'shop-production', 'shop-staging', 'greeter']) {
            await until(demo, name, (application) => isHealthyAt(application, demo.revision));
          }
        });
      },
    },
    {
      title: 'Open the pages',
      run: async (report) => {
        for (const host of pages) {
          const text = await pageThat(demo, host, () => true);
          report(`http://${host}:${demo.server.ingressPort}  ${firstWords(text)}`);
        }
        visitor = startVisitor(demo.server.ingressPort, PAGE_HOST, VISIT_EVERY_MS);
        demo.ended.addEventListener('abort', () => void visitor?.stop(), { once: true });
      },
    },
    {
      title: 'Push a commit that changes the page',
      run: async (report) => {
        await following(demo, report, async () => {
          const revision = await demo.repository.push('Say that this is version 2', { [PAGE]: toVersion(2) });
          report(`pushed ${shortRevision(revision)}`);
          await until(demo, PRODUCTION.name, (application) => isHealthyAt(application, revision));
          report(`${PAGE_HOST}  ${firstWords(await pageThat(demo, PAGE_HOST, (text) => text.includes('version 2')))}`);
        });
      },
    },
    {
      title: 'Push a commit whose health check fails: it is rolled back and quarantined',
      run: async (report) => {
        await following(demo, report, async () => {
          const revision = await demo.repository.push('Serve a page that is not there', { [SETTINGS]: breakSettings });
          report(`pushed ${shortRevision(revision)}`);
          const rolledBack = await until(demo, PRODUCTION.name, (application) =>
            isRolledBackFrom(application, revision),
          );
          const entry = rolledBack.status?.quarantine?.find((quarantined) => quarantined.revision === revision);
          report(`quarantined ${shortRevision(revision)}: ${entry?.reason ?? ''}`);
          report(`${PAGE_HOST}  ${firstWords(await pageThat(demo, PAGE_HOST, (text) => text.includes('version 2')))}`);
        });
      },
    },
    {
      title: 'Push the fix',
      run: async (report) => {
        await following(demo, report, async () => {
          const revision = await demo.repository.push('Serve the page again, as version 3', {
            [SETTINGS]: (text) => text.replace(BROKEN_SETTING, ''),
            [PAGE]: toVersion(3),
          });
          report(`pushed ${shortRevision(revision)}`);
          await until(demo, PRODUCTION.name, (application) => isHealthyAt(application, revision));
          report(`${PAGE_HOST}  ${firstWords(await pageThat(demo, PAGE_HOST, (text) => text.includes('version 3')))}`);
        });
      },
    },
    {
      title: 'Ask the visitor, who has asked for the page all the time',
      run: async (report) => {
        const visits = await visitor?.stop();
        if (visits === undefined || visits.answered === 0) throw new CommandFailure('No visit was answered');
        if (visits.failed.length > 0) {
          throw new CommandFailure(`${visits.failed.length} visits failed, the first one with: ${visits.failed[0]}`);
        }
        report(`${visits.answered} visits answered, none failed`);
      },
    },
  ];
};

const toVersion =
  (version: number) =>
  (text: string): string =>
    text.replace(/version \d+/, `version ${version}`);

const breakSettings = (text: string): string =>
  text.replace('      - ENVIRONMENT=production\n', (line) => line + BROKEN_SETTING);

const firstWords = (html: string): string =>
  html
    .replace(/<head>[\s\S]*<\/head>/, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

const following = (
  { server }: Demonstration,
  report: (text: string) => void,
  work: () => Promise<void>,
): Promise<void> => followProgress(server.informers, report, work);

const isHealthyAt = ({ status, operation }: Application, revision: string): boolean =>
  operation === undefined &&
  status?.sync?.status === 'Synced' &&
  status.sync.revision === revision &&
  status.health?.status === 'Healthy' &&
  status.operationState?.phase !== 'Running';

const isRolledBackFrom = ({ status }: Application, revision: string): boolean =>
  status?.quarantine?.some((entry) => entry.revision === revision) === true &&
  status.health?.status === 'Healthy' &&
  status.operationState?.phase !== 'Running';

/** Watches an application until it is as asked. */
const until = async (
  { server, signal }: Demonstration,
  name: string,
  isSo: (application: Application) => boolean,
): Promise<Application> => {
  const limit = AbortSignal.any([signal, timeoutSignal(STEP_TIMEOUT_MS)]);
  let last: Application | undefined;
  const selection = { namespace: PRODUCTION.namespace, fieldSelector: `metadata.name=${name}` };
  for await (const event of server.client.watch(Application, selection, limit)) {
    if (event.type === 'bookmark') continue;
    last = event.object;
    if (isSo(last)) return last;
  }
  signal.throwIfAborted();
  const { sync, health, conditions } = last?.status ?? {};
  throw new CommandFailure(
    `${name} did not get there within ${STEP_TIMEOUT_MS / 1000} s: ${JSON.stringify({ sync: sync?.status, health, conditions })}`,
  );
};

/** The text of a page once it is answered with 200 and is as asked. */
const pageThat = async (
  { server, signal }: Demonstration,
  host: string,
  isSo: (text: string) => boolean,
): Promise<string> => {
  const deadline = Date.now() + STEP_TIMEOUT_MS;
  let last = 'no answer';
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    try {
      const { status, text } = await fetchPage(server.ingressPort, host);
      if (status === 200 && isSo(text)) return text;
      last = `${status} ${text.slice(0, 200)}`;
    } catch (error) {
      last = (error as Error).message;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new CommandFailure(`http://${host} did not show what was expected; last: ${last}`);
};
