import type { Client } from '../cluster/client/client.js';
import type { Clock } from '../objects/clock.js';
import { Application, sourcesOf } from './applications/application.js';
import type { KeptManifests } from './applications/kept-manifests.js';
import type { FreedSpace } from './freed-space.js';
import type { Charts } from './sources/charts.js';
import type { Repositories } from './sources/repositories.js';
import { repositoryIdentity } from './sources/repository-url.js';

/** One thing that maintenance does, apart from the others: what it has freed, or why it could not. */
export type MaintenanceStep = { readonly name: string } & (
  | { readonly freed: FreedSpace }
  | { readonly error: unknown }
);

export type MaintenanceReport = readonly MaintenanceStep[];

export interface MaintenanceParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly repositories: Pick<Repositories, 'clean'>;
  readonly kept: Pick<KeptManifests, 'keepOnly'>;
  readonly charts: Pick<Charts, 'clean'>;
}

/** What was written or used within a day stays, whoever may need it. */
const GRACE_MS = 24 * 3_600_000;

/** Identities of the repositories that applications use, or are being synced from. */
export const usedRepositories = (applications: readonly Application[]): ReadonlySet<string> =>
  new Set(
    applications.flatMap(({ spec, operation, status }) => {
      const syncs = [operation?.sync, status?.operationState?.operation.sync, status?.operationState?.syncResult];
      const sources = syncs.flatMap((sync) => [
        ...(sync?.source === undefined ? [] : [sync.source]),
        ...(sync?.sources ?? []),
      ]);
      return [...sourcesOf(spec), ...sources].map(({ repoURL }) => repositoryIdentity(repoURL));
    }),
  );

/** Digests of the manifests that a rollback, a quarantine or an operation may ask for. */
export const usedManifests = (applications: readonly Application[]): ReadonlySet<string> =>
  new Set(
    applications
      .flatMap(({ status }) => [
        ...(status?.history ?? []).map(({ manifests }) => manifests),
        ...(status?.quarantine ?? []).map(({ manifests }) => manifests),
        status?.operationState?.syncResult?.manifests,
      ])
      .flatMap((digest) => digest ?? []),
  );

/**
 * Frees what the operator keeps on disk and nobody needs any more. The API is asked for the Applications as they are:
 * without its answer, nothing that one of them may use is removed.
 */
export const maintainOperator = async (parts: MaintenanceParts, signal: AbortSignal): Promise<MaintenanceReport> => {
  const { client, repositories, kept, charts } = parts;
  const before = parts.clock.now() - GRACE_MS;
  const applications = async (): Promise<readonly Application[]> => (await client.list(Application)).items;
  return [
    await maintenanceStep('repositories', async () => {
      return await repositories.clean(usedRepositories(await applications()), signal);
    }),
    await maintenanceStep('manifests', async () => await kept.keepOnly(usedManifests(await applications()), before)),
    await maintenanceStep('charts', async () => await charts.clean(before)),
  ];
};

/** Takes one step; its failure is its own. */
export const maintenanceStep = async (name: string, step: () => Promise<FreedSpace>): Promise<MaintenanceStep> => {
  try {
    return { name, freed: await step() };
  } catch (error) {
    return { name, error };
  }
};
