import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Client } from '../../../cluster/client/client.js';
import { systemClock } from '../../../objects/clock.js';
import { ConfigMap, Secret } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import { createRenderPool } from '../../../render/pool/render-pool.js';
import type { Manifest } from '../../../render/render.js';
import type { Application } from '../../../sync/applications/application.js';
import { AppProject, instanceName } from '../../../sync/applications/application.js';
import { ARGOCD_SETTINGS, kustomizeBuildOf } from '../../../sync/applications/argocd-settings.js';
import { DesiredStates } from '../../../sync/applications/desired-state.js';
import { findProject } from '../../../sync/applications/project-rules.js';
import { FIELD_MANAGER } from '../../../sync/compare/compare.js';
import { rulesFor, withoutIgnored } from '../../../sync/compare/ignore-differences.js';
import { comparable } from '../../../sync/compare/normalize.js';
import { servedScopes } from '../../../sync/compare/served-kinds.js';
import type { Target } from '../../../sync/compare/targets.js';
import { buildTargets } from '../../../sync/compare/targets.js';
import { isRepositorySecret } from '../../../sync/sources/credentials.js';
import { Charts } from '../../../sync/sources/charts.js';
import { RemoteFiles } from '../../../sync/sources/remote-files.js';
import { RemoteFolders } from '../../../sync/sources/remote-folders.js';
import { Repositories } from '../../../sync/sources/repositories.js';
import { CommandFailure } from '../../exit-statuses.js';
import { KUBERNETES_VERSION } from '../../version.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';

/** One object as it is and as a sync would leave it; either side is absent when the object is. */
export interface PredictedChange {
  /** `apps/Deployment shop/web`. */
  readonly name: string;
  readonly live: KubeObject | undefined;
  readonly predicted: KubeObject | undefined;
}

/** Renders a revision of an application here and asks the server, by dry runs, what deploying it would change. */
export const predictChanges = async (
  client: Client,
  application: Application,
  revision: string | undefined,
): Promise<readonly PredictedChange[]> => {
  const manifests = await renderHere(client, application, revision);
  const { targets, problems } = buildTargets(manifests, {
    instance: instanceName(keyOf(application)),
    namespace: application.spec.destination.namespace,
    scopeOf: servedScopes(await client.resources()),
    refuse: () => undefined,
    syncOptions: application.spec.syncPolicy?.syncOptions ?? [],
  });
  if (problems.length > 0) throw new CommandFailure(problems.map(({ message }) => message).join('\n'));
  const plain = targets.filter(({ hooks }) => hooks.length === 0);
  const changes = await Promise.all(plain.map((target) => changeOf(client, application, target)));
  const wanted = new Set(plain.map(({ id }) => `${id.group}/${id.kind}/${id.namespace}/${id.name}`));
  return [...changes, ...(await removals(client, application, wanted))];
};

const renderHere = async (
  client: Client,
  application: Application,
  revision: string | undefined,
): Promise<readonly Manifest[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-diff-'));
  const { items } = await client.list(Secret, { namespace: application.metadata.namespace ?? 'argocd' });
  const secrets = items.filter(isRepositorySecret);
  const repositories = new Repositories({
    folder,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    secrets: () => secrets,
    onEvent: () => undefined,
  });
  const renderPool = createRenderPool({ maxThreads: 1 });
  try {
    const resources = await client.resources();
    const apiVersions = [
      ...new Set(resources.flatMap(({ apiVersion, kind }) => [apiVersion, `${apiVersion}/${kind}`])),
    ];
    const projects = (await client.list(AppProject)).items;
    const build = kustomizeBuildOf(await client.get(ConfigMap, ARGOCD_SETTINGS));
    const desired = new DesiredStates({
      charts: new Charts({ folder: join(folder, 'charts'), secrets: () => secrets }),
      folders: new RemoteFolders(repositories),
      files: new RemoteFiles(() => secrets),
      client,
      live: { scopeOf: servedScopes(resources), apiVersions, refreshKinds: () => Promise.resolve() },
      clock: systemClock,
      repositories,
      renderPool,
      projectOf: (one) =>
        findProject(one, (key) =>
          projects.find(({ metadata }) => metadata.namespace === key.namespace && metadata.name === key.name),
        ),
      kubeVersion: () => KUBERNETES_VERSION,
      apiVersions: () => apiVersions,
      kustomizeBuild: () => build,
    });
    const revisions = revision === undefined ? undefined : [revision];
    return (await desired.of(application, revisions, timeoutSignal(120_000))).manifests;
  } finally {
    await renderPool.close();
    await repositories.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const nameOf = ({ group, kind, namespace, name }: Target['id']): string =>
  `${group === '' ? '' : `${group}/`}${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;

const changeOf = async (client: Client, { spec }: Application, target: Target): Promise<PredictedChange> => {
  const live = await client.get(target.object, keyOf(target.object));
  const name = nameOf(target.id);
  if (live === undefined) return { name, live: undefined, predicted: comparable(target.object) };
  const answer = await client.apply(target.object, { fieldManager: FIELD_MANAGER, force: true, dryRun: true });
  const rules = rulesFor(spec.ignoreDifferences ?? [], target.object);
  return { name, ...withoutIgnored(rules, comparable(answer), comparable(live)) };
};

/** What the application has deployed and the revision no longer has. */
const removals = async (
  client: Client,
  { status }: Application,
  wanted: ReadonlySet<string>,
): Promise<readonly PredictedChange[]> => {
  const gone = (status?.resources ?? []).filter(
    ({ group = '', kind, namespace = '', name, hook }) =>
      hook !== true && !wanted.has(`${group}/${kind}/${namespace}/${name}`),
  );
  const found = await Promise.all(
    gone.map(async ({ group = '', version, kind, namespace = '', name }) => {
      const apiVersion = group === '' ? version : `${group}/${version}`;
      const live = await client.get({ apiVersion, kind }, namespace === '' ? { name } : { namespace, name });
      return live === undefined
        ? []
        : [{ name: nameOf({ group, kind, namespace, name }), live: comparable(live), predicted: undefined }];
    }),
  );
  return found.flat();
};
