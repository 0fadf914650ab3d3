import type { Application } from '../../../sync/applications/application.js';
import { sourcesOf } from '../../../sync/applications/application.js';
import { tableText } from '../../output/table.js';

/** The first seven characters of a commit; other revisions (chart versions) as they are. */
export const shortRevision = (revision: string | undefined): string =>
  revision === undefined ? '' : /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 7) : revision;

export const listText = (applications: readonly Application[]): string =>
  applications.length === 0
    ? 'No applications.'
    : tableText(
        ['NAME', 'NAMESPACE', 'SYNC', 'HEALTH', 'REVISION', 'DESTINATION', 'SOURCE'],
        applications.map(({ metadata, spec, status }) => [
          metadata.name,
          metadata.namespace ?? '',
          status?.sync?.status ?? 'Unknown',
          status?.health?.status ?? 'Unknown',
          shortRevision(status?.sync?.revision),
          spec.destination.namespace ?? '',
          sourcesOf(spec).map(sourceText).join(', '),
        ]),
      );

const sourceText = (source: ReturnType<typeof sourcesOf>[number]): string =>
  `${source.repoURL} ${source.chart ?? source.path ?? '.'} ${source.targetRevision ?? 'HEAD'}`;

const section = (title: string, text: string): string[] => ['', `${title}:`, text];

/** Everything a person wants to know about one application. */
export const detailText = (application: Application): string => {
  const { metadata, spec, status } = application;
  const lines = [
    `Name:        ${metadata.namespace}/${metadata.name}`,
    `Project:     ${spec.project}`,
    ...sourcesOf(spec).map((source) => `Source:      ${sourceText(source)}`),
    `Destination: ${spec.destination.server ?? spec.destination.name ?? ''} ${spec.destination.namespace ?? ''}`,
    `Sync:        ${status?.sync?.status ?? 'Unknown'} ${shortRevision(status?.sync?.revision)}`,
    `Health:      ${status?.health?.status ?? 'Unknown'} ${status?.health?.message ?? ''}`.trimEnd(),
  ];
  const operation = status?.operationState;
  if (operation !== undefined) {
    lines.push(`Operation:   ${operation.phase} ${operation.message ?? ''}`.trimEnd());
  }
  for (const url of status?.summary?.externalURLs ?? []) lines.push(`URL:         ${url}`);
  if ((status?.conditions ?? []).length > 0) {
    lines.push(
      ...section('Conditions', (status?.conditions ?? []).map(({ type, message }) => `${type}: ${message}`).join('\n')),
    );
  }
  if ((status?.quarantine ?? []).length > 0) {
    const rows = (status?.quarantine ?? []).map(({ revision, since, reason }) => [
      shortRevision(revision),
      since,
      reason,
    ]);
    lines.push(...section('Quarantined', tableText(['REVISION', 'SINCE', 'REASON'], rows)));
  }
  if ((status?.resources ?? []).length > 0) lines.push(...section('Resources', resourcesText(application)));
  return lines.join('\n');
};

const resourcesText = ({ status }: Application): string =>
  tableText(
    ['GROUP', 'KIND', 'NAMESPACE', 'NAME', 'STATUS', 'HEALTH', 'MESSAGE'],
    (status?.resources ?? []).map((resource) => [
      resource.group ?? '',
      resource.kind,
      resource.namespace ?? '',
      resource.name,
      resource.requiresPruning === true ? `${resource.status ?? ''} (prune)` : (resource.status ?? ''),
      resource.health?.status ?? '',
      resource.health?.message ?? '',
    ]),
  );

export const historyText = ({ status }: Application): string =>
  (status?.history ?? []).length === 0
    ? 'Nothing was deployed yet.'
    : tableText(
        ['ID', 'DEPLOYED', 'REVISION', 'BY', 'MESSAGE'],
        (status?.history ?? []).map((entry) => [
          String(entry.id),
          entry.deployedAt,
          shortRevision(entry.revision),
          entry.initiatedBy?.automated === true ? 'automated' : (entry.initiatedBy?.username ?? ''),
          (entry.message ?? '').split('\n', 1)[0] ?? '',
        ]),
      );
