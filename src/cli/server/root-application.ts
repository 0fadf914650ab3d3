import { Application, FINALIZER, IN_CLUSTER_SERVER } from '../../sync/applications/application.js';

/** The application that `fairlead up --repo` makes: deploys a folder of a repository and keeps to it. */
export const rootApplication = (repoURL: string, path: string, targetRevision: string): Application => ({
  ...Application,
  apiVersion: Application.apiVersion,
  kind: Application.kind,
  metadata: { name: 'root', namespace: 'argocd', finalizers: [FINALIZER] },
  spec: {
    project: 'default',
    source: { repoURL, path, targetRevision },
    destination: { server: IN_CLUSTER_SERVER, namespace: 'default' },
    syncPolicy: { automated: { prune: true, selfHeal: true } },
  },
});
