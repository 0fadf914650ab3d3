/** Manifests that several of these tests begin with. */

/** A pod with one container. */
export const pod = (
  name: string,
  { labels = {}, image = 'pause', namespace = '' }: { labels?: object; image?: string; namespace?: string } = {},
): string => `---
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: ${JSON.stringify({ name, ...labels })}${namespace === '' ? '' : `\n  namespace: ${namespace}`}
spec:
  containers: [{name: main, image: ${image}}]
`;

export const configMap = (name: string, data: object, metadata: object = {}): string =>
  `---\n${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data })}\n`;

interface Names {
  readonly group: string;
  readonly version?: string;
  readonly plural: string;
  readonly singular?: string;
  readonly kind: string;
  readonly shortNames?: readonly string[];
  readonly scope?: 'Namespaced' | 'Cluster';
}

/** A CustomResourceDefinition whose objects may have any field, or those of `properties`. */
export const definition = (
  { group, version = 'v1', scope = 'Namespaced', ...names }: Names,
  properties?: object,
): string => {
  const fields = properties === undefined ? { 'x-kubernetes-preserve-unknown-fields': true } : { properties };
  const schema = { openAPIV3Schema: { type: 'object', ...fields } };
  const versions = [{ name: version, served: true, storage: true, schema }];
  const metadata = { name: `${names.plural}.${group}` };
  const spec = { group, scope, names, versions };
  const made = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata, spec };
  return `---\n${JSON.stringify(made)}\n`;
};

/** A Deployment with one container. */
export const deployment = (name: string, image = 'nginx', replicas = 1): string => `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: main, image: ${image}, ports: [{containerPort: 80}]}]}
`;
