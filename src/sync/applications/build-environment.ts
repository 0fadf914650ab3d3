import type { Application, ApplicationSource } from './application.js';

const SHORT = 7;
const SHORT_8 = 8;

/** The variables of a build, as Argo CD has them. */
export const buildEnvironment = (
  { metadata, spec }: Application,
  source: ApplicationSource,
  revision: string,
): ReadonlyMap<string, string> =>
  new Map([
    ['ARGOCD_APP_NAME', metadata.name],
    ['ARGOCD_APP_NAMESPACE', spec.destination.namespace ?? ''],
    ['ARGOCD_APP_PROJECT_NAME', spec.project],
    ['ARGOCD_APP_REVISION', revision],
    ['ARGOCD_APP_REVISION_SHORT', revision.slice(0, SHORT)],
    ['ARGOCD_APP_REVISION_SHORT_8', revision.slice(0, SHORT_8)],
    ['ARGOCD_APP_SOURCE_REPO_URL', source.repoURL],
    ['ARGOCD_APP_SOURCE_PATH', source.path ?? ''],
    ['ARGOCD_APP_SOURCE_TARGET_REVISION', source.targetRevision ?? ''],
  ]);
