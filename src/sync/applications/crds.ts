import type { KubeObject } from '../../objects/object.js';

type Schema = Readonly<Record<string, unknown>>;

const text = (description: string): Schema => ({ type: 'string', description });
const flag = (description: string): Schema => ({ type: 'boolean', description });
const whole = (description: string): Schema => ({ type: 'integer', format: 'int64', description });
const time: Schema = { type: 'string', format: 'date-time' };
const list = (items: Schema, description?: string): Schema => ({
  type: 'array',
  items,
  ...(description === undefined ? {} : { description }),
});
const map = (
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
  description?: string,
): Schema => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
  ...(description === undefined ? {} : { description }),
});
const texts = (description?: string): Schema => list({ type: 'string' }, description);
const textMap: Schema = { type: 'object', additionalProperties: { type: 'string' } };
/** A part that is passed on to where it is understood. */
const open = (description: string): Schema => ({
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  description,
});

const source = map(
  {
    repoURL: text('The Git repository (http, https, file or an absolute path) or the Helm repository'),
    path: text('Folder in the Git repository'),
    targetRevision: text('Branch, tag, commit, HEAD or a semver range over tags; for a chart, its version'),
    chart: text('Name of a chart in a Helm repository'),
    ref: text('Name under which other sources read files of this one'),
    name: text('Name of this source'),
    helm: open('How to render a chart'),
    kustomize: open('How to build an overlay'),
    directory: open('Which files of a folder of manifests to read'),
    plugin: open('Not supported'),
  },
  ['repoURL'],
  'Where manifests come from',
);

const destination = map(
  {
    server: text('URL of the cluster; https://kubernetes.default.svc is the one that the operator runs in'),
    name: text('Name of the cluster, instead of its URL'),
    namespace: text('Namespace of objects that name none'),
  },
  [],
  'Where manifests go to',
);

const retry = map({
  limit: whole('Attempts after the first one; a negative number means for ever'),
  refresh: flag('Resolve the revision again before the next attempt'),
  backoff: map({
    duration: text('Wait before the second attempt, such as 5s'),
    factor: whole('By how much each wait is longer than the one before'),
    maxDuration: text('Longest wait'),
  }),
});

const ignoreDifferences = list(
  map(
    {
      group: text('API group; * for all'),
      kind: text('Kind; * for all'),
      name: text('Name of one object'),
      namespace: text('Namespace of one object'),
      jsonPointers: texts('Fields as JSON pointers'),
      jqPathExpressions: texts('Fields as jq paths'),
      managedFieldsManagers: texts('All fields that these managers own'),
    },
    ['kind'],
  ),
  'Fields that are left out of the comparison',
);

const syncPolicy = map({
  automated: map({
    enabled: flag('Sync by itself; default true where automated is given'),
    prune: flag('Delete what the sources no longer have'),
    selfHeal: flag('Revert changes that are made in the cluster'),
    allowEmpty: flag('Permit a sync that deletes everything'),
  }),
  syncOptions: texts('Options such as CreateNamespace=true'),
  retry,
  managedNamespaceMetadata: map({ labels: textMap, annotations: textMap }),
  rollback: map({
    enabled: flag('Return to the last healthy revision when a sync fails; default true where automated is given'),
    healthTimeout: text('How long a sync may take to become healthy; default 5m'),
  }),
});

const info = list(map({ name: text('What it is'), value: text('What it says') }, ['name', 'value']));

const applicationSpec = map(
  {
    project: text('Project that the application belongs to'),
    source,
    sources: list(source, 'Several sources, instead of one'),
    destination,
    syncPolicy,
    ignoreDifferences,
    revisionHistoryLimit: whole('How many deployed revisions are remembered; default 10'),
    info,
    dependsOn: list(
      map({ name: text('Name of the application'), namespace: text('Its namespace; default the same') }, ['name']),
      'Applications that must be healthy before this one is synced',
    ),
    sourceHydrator: open('Not supported'),
  },
  ['destination', 'project'],
);

const operation = map({
  sync: map({
    revision: text('Revision to sync to; default that of the spec'),
    revisions: texts('One revision a source'),
    prune: flag('Delete what the sources no longer have'),
    dryRun: flag('Ask the server only'),
    syncStrategy: map({
      apply: map({ force: flag('Replace what cannot be changed') }),
      hook: map({ force: flag('Replace what cannot be changed') }),
    }),
    resources: list(
      map({ group: text('Group'), kind: text('Kind'), name: text('Name'), namespace: text('Namespace') }, [
        'kind',
        'name',
      ]),
      'Objects of a selective sync',
    ),
    source,
    sources: list(source),
    manifests: texts('Not supported'),
    syncOptions: texts('Options of this sync'),
    autoHealAttemptsCount: whole('Corrections in a row'),
  }),
  initiatedBy: map({ username: text('Who asked'), automated: flag('The operator asked itself') }),
  info,
  retry,
});

const version = (name: string, schema: Schema, columns: readonly Schema[]): Schema => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: schema },
  subresources: {},
  additionalPrinterColumns: columns,
});

const definition = (
  kind: string,
  names: { readonly plural: string; readonly singular: string; readonly shortNames: readonly string[] },
  schema: Schema,
  columns: readonly Schema[] = [],
): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `${names.plural}.argoproj.io`,
    labels: { 'app.kubernetes.io/part-of': 'argocd', 'app.kubernetes.io/managed-by': 'fairlead' },
  },
  spec: {
    group: 'argoproj.io',
    scope: 'Namespaced',
    names: { kind, listKind: `${kind}List`, ...names },
    versions: [version('v1alpha1', schema, columns)],
  },
});

const column = (name: string, jsonPath: string, priority = 0): Schema => ({
  name,
  type: 'string',
  jsonPath,
  ...(priority === 0 ? {} : { priority }),
});

const object = (properties: Readonly<Record<string, Schema>>, required: readonly string[]): Schema =>
  map({ apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' }, ...properties }, [
    'metadata',
    ...required,
  ]);

/** The status is written by the operator alone, together with the spec's resource, as Argo CD does. */
const applicationStatus: Schema = {
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  properties: {
    sync: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { status: { type: 'string' }, revision: { type: 'string' } },
    },
    health: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { status: { type: 'string' }, message: { type: 'string' }, lastTransitionTime: time },
    },
  },
};

const groupKinds = list(map({ group: text('Group'), kind: text('Kind'), name: text('Name') }, ['group', 'kind']));

const projectSpec: Schema = {
  ...map({
    description: text('What the project is for'),
    sourceRepos: texts('Repositories that applications may use; * for any, ! denies'),
    sourceNamespaces: texts('Namespaces that may hold applications'),
    destinations: list(destination, 'Clusters and namespaces that applications may deploy to'),
    clusterResourceWhitelist: groupKinds,
    clusterResourceBlacklist: groupKinds,
    namespaceResourceWhitelist: groupKinds,
    namespaceResourceBlacklist: groupKinds,
  }),
  'x-kubernetes-preserve-unknown-fields': true,
};

/** The kinds of the user's API: Application, AppProject and ApplicationSet of `argoproj.io/v1alpha1`. */
export const APPLICATION_CRDS: readonly KubeObject[] = [
  definition(
    'Application',
    { plural: 'applications', singular: 'application', shortNames: ['app', 'apps'] },
    object({ spec: applicationSpec, operation, status: applicationStatus }, ['spec']),
    [
      column('Sync Status', '.status.sync.status'),
      column('Health Status', '.status.health.status'),
      column('Revision', '.status.sync.revision', 10),
      column('Project', '.spec.project', 10),
    ],
  ),
  definition(
    'AppProject',
    { plural: 'appprojects', singular: 'appproject', shortNames: ['appproj', 'appprojs'] },
    object({ spec: projectSpec, status: open('What is known of the project') }, ['spec']),
  ),
  definition(
    'ApplicationSet',
    { plural: 'applicationsets', singular: 'applicationset', shortNames: ['appset', 'appsets'] },
    object({ spec: open('Generators and a template'), status: open('What was generated') }, ['spec']),
  ),
];

/** The project of applications that name `default`: everything is permitted. */
export const DEFAULT_PROJECT: KubeObject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name: 'default' },
  spec: {
    sourceRepos: ['*'],
    destinations: [{ namespace: '*', server: '*' }],
    clusterResourceWhitelist: [{ group: '*', kind: '*' }],
  },
};
