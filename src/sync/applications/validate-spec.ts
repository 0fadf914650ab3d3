import { DurationError, parseDurationMs } from '../../objects/duration.js';
import { parsePointer } from '../compare/field-paths.js';
import { JqPathError, parseJqPath } from '../compare/jq-paths.js';
import { SourceError } from '../sources/errors.js';
import { locateRepository } from '../sources/repository-url.js';
import type { AppProject, Application, ApplicationSource, IgnoreDifference } from './application.js';
import { IN_CLUSTER_NAME, IN_CLUSTER_SERVER, sourcesOf } from './application.js';
import type { Finding } from './conditions.js';
import { permitsDestination, permitsSource } from './project-rules.js';

/** Reads a duration of a spec; undefined when it is absent or makes no sense (`validateSpec` has said so). */
export const durationMs = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  try {
    const ms = parseDurationMs(text);
    return ms > 0 ? ms : undefined;
  } catch {
    return undefined;
  }
};

/** Everything wrong with a spec, and with its project's view of it. */
export const validateSpec = (application: Application, project: AppProject | undefined): readonly Finding[] => {
  const { spec } = application;
  const findings: Finding[] = [];
  const invalid = (message: string): number => findings.push({ reason: 'InvalidSpec', message });
  const sources = sourcesOf(spec);
  if (sources.length === 0) invalid('spec.source: a source is required');
  for (const source of sources) findings.push(...validateSource(source));
  for (const rule of spec.ignoreDifferences ?? []) findings.push(...validateRule(rule));
  const { retry, rollback } = spec.syncPolicy ?? {};
  findings.push(...validateDuration('spec.syncPolicy.rollback.healthTimeout', rollback?.healthTimeout));
  findings.push(...validateDuration('spec.syncPolicy.retry.backoff.duration', retry?.backoff?.duration));
  findings.push(...validateDuration('spec.syncPolicy.retry.backoff.maxDuration', retry?.backoff?.maxDuration));
  const { server, name } = spec.destination;
  if (server !== undefined && server !== '' && name !== undefined && name !== '') {
    invalid('spec.destination: give server or name, not both');
  } else if (server !== IN_CLUSTER_SERVER && name !== IN_CLUSTER_NAME) {
    const message = `spec.destination: there is no cluster "${server ?? name ?? ''}"; use server ${IN_CLUSTER_SERVER}`;
    findings.push({ reason: 'UnknownDestination', message });
  }
  if (project === undefined) {
    findings.push({ reason: 'UnknownProject', message: `spec.project: there is no project "${spec.project}"` });
  } else findings.push(...validateProject(application, project));
  return findings;
};

const validateProject = ({ spec, metadata }: Application, project: AppProject): readonly Finding[] => {
  const findings: Finding[] = [];
  const refused = (message: string): number =>
    findings.push({ reason: 'NotPermitted', message: `${message} is not permitted by project "${spec.project}"` });
  for (const { repoURL } of sourcesOf(spec)) if (!permitsSource(project.spec, repoURL)) refused(`source ${repoURL}`);
  if (!permitsDestination(project.spec, spec.destination)) {
    refused(
      `destination ${spec.destination.server ?? spec.destination.name ?? ''}/${spec.destination.namespace ?? ''}`,
    );
  }
  const { namespace = '' } = metadata;
  const own = project.metadata.namespace === namespace;
  const named = project.spec.sourceNamespaces ?? [];
  // Applications beside their project, and those of the operator's own namespace, need no entry.
  if (!own && namespace !== 'fairlead' && !named.includes(namespace) && !named.includes('*')) {
    refused(`namespace ${namespace} as a place for applications`);
  }
  return findings;
};

const validateSource = (source: ApplicationSource): readonly Finding[] => {
  const findings: Finding[] = [];
  const invalid = (message: string): number => findings.push({ reason: 'InvalidSpec', message });
  if (source.plugin !== undefined) invalid('spec.source.plugin: plugins are not supported');
  if (source.directory?.jsonnet !== undefined && Object.keys(source.directory.jsonnet).length > 0) {
    invalid('spec.source.directory.jsonnet: Jsonnet is not supported');
  }
  if (source.chart !== undefined) return findings;
  if (source.path === undefined && source.ref === undefined) invalid('spec.source.path: a path or a chart is required');
  if (source.path?.startsWith('/') === true) invalid(`spec.source.path: "${source.path}" must be relative`);
  try {
    locateRepository(source.repoURL);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    invalid(`spec.source.repoURL: ${error.message}`);
  }
  return findings;
};

const validateRule = (rule: IgnoreDifference): readonly Finding[] => {
  const findings: Finding[] = [];
  for (const pointer of rule.jsonPointers ?? []) {
    if (parsePointer(pointer) !== undefined) continue;
    const message = `spec.ignoreDifferences: "${pointer}" is not a JSON pointer; it must begin with /`;
    findings.push({ reason: 'InvalidSpec', message });
  }
  for (const expression of rule.jqPathExpressions ?? []) {
    try {
      parseJqPath(expression);
    } catch (error) {
      if (!(error instanceof JqPathError)) throw error;
      findings.push({ reason: 'InvalidSpec', message: `spec.ignoreDifferences: ${expression}: ${error.message}` });
    }
  }
  return findings;
};

const validateDuration = (field: string, text: string | undefined): readonly Finding[] => {
  if (text === undefined) return [];
  try {
    if (parseDurationMs(text) > 0) return [];
    return [{ reason: 'InvalidSpec', message: `${field}: "${text}" must be longer than nothing` }];
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    return [{ reason: 'InvalidSpec', message: `${field}: "${text}" is not a duration such as 5m or 1h30m` }];
  }
};
