import { jsonEquals } from '../../../objects/json.js';
import type { KubeObject, ObjectMeta } from '../../../objects/object.js';
import { withoutDisabledFields } from '../../admission/disabled-fields.js';
import { inNormalForm } from '../../admission/normal-forms.js';
import { canonicalObject } from '../../../objects/schema/canonical.js';
import type { ServedResource, Target } from '../request.js';
import { withJobSelector } from './job-selector.js';
import { changedDefinition, isDefinition, newDefinition } from './definition-status.js';
import { numberedTemplate, renumberedTemplate } from './template-generation.js';

/** Built-in resources whose `metadata.generation` counts the changes of what the user asks for. */
const WITH_GENERATION = new Set([
  '/pods',
  '/podtemplates',
  '/replicationcontrollers',
  'apps/daemonsets',
  'apps/deployments',
  'apps/replicasets',
  'apps/statefulsets',
  'batch/cronjobs',
  'batch/jobs',
  'discovery.k8s.io/endpointslices',
  'networking.k8s.io/ingresses',
  'networking.k8s.io/ingressclasses',
  'networking.k8s.io/networkpolicies',
  'policy/poddisruptionbudgets',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'apiextensions.k8s.io/customresourcedefinitions',
  'flowcontrol.apiserver.k8s.io/flowschemas',
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations',
  'scheduling.k8s.io/priorityclasses',
  'resource.k8s.io/deviceclasses',
  'resource.k8s.io/resourceslices',
]);

/** A resource whose generation is told at its creation, and not counted. */
const FIRST_ONLY = 'scheduling.k8s.io/priorityclasses';

/** Resources whose status a client may set when it creates them. */
const STATUS_ON_CREATE = new Set(['/nodes', 'networking.k8s.io/servicecidrs']);

const idOf = ({ group, plural }: ServedResource): string => `${group}/${plural}`;

export const hasGeneration = (resource: ServedResource): boolean =>
  resource.custom || WITH_GENERATION.has(idOf(resource));

export const hasStatus = (resource: ServedResource): boolean =>
  resource.subresources.some(({ name }) => name === 'status');

/** A new object as it may be stored: fields that the server sets are the server's. */
export const prepareNew = (target: Target, object: KubeObject, created: { uid: string; at: string }): KubeObject => {
  const { resource, namespace } = target;
  const metadata: Record<string, unknown> = { ...object.metadata };
  for (const field of [
    'resourceVersion',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'selfLink',
    ...(resource.custom ? ['generation'] : []),
  ]) {
    delete metadata[field];
  }
  if (namespace === undefined) delete metadata['namespace'];
  else metadata['namespace'] = namespace;
  metadata['uid'] = created.uid;
  metadata['creationTimestamp'] = created.at;
  if (hasGeneration(resource)) metadata['generation'] = 1;
  const asked = inNormalForm(withoutDisabledFields({ ...object, metadata: metadata as unknown as ObjectMeta }));
  const named = withJobSelector(resource, asked);
  const prepared = numberedTemplate(resource, named);
  return hasStatus(resource) && !STATUS_ON_CREATE.has(idOf(resource))
    ? withNewStatus(resource, prepared, created.at)
    : prepared;
};

const withNewStatus = (resource: ServedResource, object: KubeObject, at: string): KubeObject => {
  if (resource.custom) return withoutField(object, 'status');
  if (isDefinition(object)) return newDefinition(object);
  // Defaulting and the form of the kind fill in what every status has.
  const isVolume = idOf(resource) === '/persistentvolumes';
  const status = isVolume ? { phase: 'Pending', lastPhaseTransitionTime: at } : {};
  return canonicalObject({ ...object, status });
};

/** Metadata that no request changes. */
const FIXED_METADATA = ['uid', 'creationTimestamp', 'generation', 'resourceVersion', 'name', 'namespace'];
const DELETION = ['deletionTimestamp', 'deletionGracePeriodSeconds'];

/** The metadata that is asked for, with what belongs to the server taken from the object as it is. */
const keptMetadata = (asked: ObjectMeta, current: ObjectMeta): ObjectMeta => {
  const metadata: Record<string, unknown> = { ...asked };
  const before = current as unknown as Record<string, unknown>;
  for (const field of FIXED_METADATA) {
    if (before[field] === undefined) delete metadata[field];
    else metadata[field] = before[field];
  }
  // That an object is being deleted is not undone, and not said by others.
  for (const field of DELETION) if (before[field] !== undefined) metadata[field] ??= before[field];
  if (before['deletionTimestamp'] !== undefined) metadata['deletionTimestamp'] = before['deletionTimestamp'];
  return metadata as unknown as ObjectMeta;
};

/** A changed object as it may be stored, when a request writes the part of it that `subresource` names. */
export const prepareChange = (target: Target, asked: KubeObject, current: KubeObject): KubeObject => {
  const metadata = keptMetadata(asked.metadata, current.metadata);
  const part = PARTS[target.subresource ?? ''] ?? PARTS[''];
  const prepared = renumberedTemplate(
    target.resource,
    (part as Part)(target, inNormalForm(withoutDisabledFields({ ...asked, metadata }, current), current), current),
    current,
  );
  const remembered =
    (target.subresource ?? '') === '' && isDefinition(prepared) ? changedDefinition(prepared) : prepared;
  return COUNTED.has(target.subresource ?? '') ? withGeneration(target, remembered, current) : remembered;
};

/** The parts whose change is one of what the user asks for. */
const COUNTED = new Set(['', 'ephemeralcontainers', 'resize', 'scale']);

type Part = (target: Target, asked: KubeObject, current: KubeObject) => KubeObject;

const withoutField = (object: KubeObject, field: string): KubeObject => {
  if (!(field in object)) return object;
  const { [field]: _removed, ...rest } = object;
  return rest as KubeObject;
};

const withFieldOf = (object: KubeObject, source: KubeObject, field: string): KubeObject =>
  source[field] === undefined ? withoutField(object, field) : { ...object, [field]: source[field] };

/** Kinds whose status is written apart from all of their metadata. */
const STATUS_ALONE = new Set([
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'apiextensions.k8s.io/customresourcedefinitions',
  'apiregistration.k8s.io/apiservices',
  'flowcontrol.apiserver.k8s.io/flowschemas',
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations',
  'networking.k8s.io/servicecidrs',
  'resource.k8s.io/resourceclaims',
  'storage.k8s.io/volumeattachments',
]);

export const hasStatusAlone = (resource: ServedResource): boolean =>
  resource.custom || STATUS_ALONE.has(idOf(resource));

const metadataBesideStatus = (resource: ServedResource, asked: ObjectMeta, current: ObjectMeta): ObjectMeta => {
  if (hasStatusAlone(resource)) return { ...current, managedFields: asked.managedFields };
  const { labels, ownerReferences } = current;
  const id = idOf(resource);
  if (id === 'apps/deployments') return { ...asked, labels };
  return id === '/pods' ? { ...asked, ownerReferences } : asked;
};

const statusOnly: Part = ({ resource }, asked, current) => {
  const metadata = metadataBesideStatus(resource, asked.metadata, current.metadata);
  return withFieldOf({ ...current, metadata: defined(metadata) }, asked, 'status');
};

const defined = (metadata: ObjectMeta): ObjectMeta =>
  Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)) as unknown as ObjectMeta;

const specOf = (object: KubeObject): Readonly<Record<string, unknown>> =>
  (object['spec'] ?? {}) as Readonly<Record<string, unknown>>;

/** Resources whose `spec` stays as it was made; changes to it are passed over. */
const FIXED_SPECS = new Set(['certificates.k8s.io/certificatesigningrequests', '/namespaces']);

type Sized = Readonly<Record<string, unknown>> & { readonly name?: string };

/** The containers that are, with the resources that are asked for; undefined when they are not the same ones. */
const resizedContainers = (asked: readonly Sized[], current: readonly Sized[]): readonly Sized[] | undefined => {
  if (asked.length !== current.length) return undefined;
  if (asked.some(({ name }, index) => name !== current[index]?.name)) return undefined;
  return current.map((container, index) => {
    const { resources: _resources, resizePolicy: _policy, ...rest } = container;
    const { resources, resizePolicy } = asked[index] ?? {};
    return {
      ...rest,
      ...(resources === undefined ? {} : { resources }),
      ...(resizePolicy === undefined ? {} : { resizePolicy }),
    };
  });
};

const LISTS = ['containers', 'initContainers'] as const;

/** Nothing of a pod but its resources changes; whoever changes its containers as well is told so. */
const resized = (asked: KubeObject, current: KubeObject): KubeObject => {
  const [wanted, spec] = [specOf(asked), specOf(current)];
  const lists = LISTS.map((name) =>
    resizedContainers((wanted[name] ?? []) as readonly Sized[], (spec[name] ?? []) as readonly Sized[]),
  );
  if (lists.some((list) => list === undefined)) return asked;
  const { resources: _pod, ...rest } = spec;
  const own = LISTS.flatMap((name, index) => (spec[name] === undefined ? [] : [[name, lists[index]] as const]));
  return {
    ...asked,
    spec: {
      ...rest,
      ...Object.fromEntries(own),
      ...(wanted['resources'] === undefined ? {} : { resources: wanted['resources'] }),
    },
  };
};

const PARTS: Readonly<Record<string, Part>> = {
  '': ({ resource }, asked, current) => {
    const kept = FIXED_SPECS.has(idOf(resource)) ? withFieldOf(asked, current, 'spec') : asked;
    return hasStatus(resource) ? withFieldOf(kept, current, 'status') : kept;
  },
  status: statusOnly,
  approval: (_target, asked, current) => {
    const conditions = (asked['status'] as { conditions?: unknown } | undefined)?.conditions;
    return { ...current, metadata: asked.metadata, status: { ...(current['status'] as object), conditions } };
  },
  finalize: (_target, asked, current) => ({
    ...current,
    metadata: asked.metadata,
    spec: { ...specOf(current), finalizers: specOf(asked)['finalizers'] },
  }),
  ephemeralcontainers: (_target, asked, current) => ({
    ...current,
    metadata: { ...current.metadata, managedFields: asked.metadata.managedFields ?? [] },
    spec: { ...specOf(current), ephemeralContainers: specOf(asked)['ephemeralContainers'] },
  }),
  scale: (_target, asked) => asked,
  binding: (_target, asked) => asked,
  resize: (_target, asked, current) => ({
    ...resized(asked, current),
    metadata: current.metadata,
    status: current['status'],
  }),
};

/** Kinds that have a generation once they were changed. */
const COUNTED_FROM_CHANGE = new Set(['storage.k8s.io/csidrivers']);

/** Counts a change of anything but metadata and status. */
const withGeneration = ({ resource }: Target, asked: KubeObject, current: KubeObject): KubeObject => {
  const isCounted = hasGeneration(resource) && idOf(resource) !== FIRST_ONLY;
  if (!isCounted && !COUNTED_FROM_CHANGE.has(idOf(resource))) return asked;
  const before = current.metadata.generation ?? (isCounted ? 1 : 0);
  const generation = sameDesire(resource, asked, current) ? before : before + 1;
  return generation === 0 ? asked : { ...asked, metadata: { ...asked.metadata, generation } };
};

/** Annotations of Deployments are copied to their ReplicaSets: a change of them is one of what the user asks for. */
const COUNTS_ANNOTATIONS = 'apps/deployments';

const sameDesire = (resource: ServedResource, asked: KubeObject, current: KubeObject): boolean => {
  const [annotations, before] = [asked.metadata.annotations ?? {}, current.metadata.annotations ?? {}];
  if (idOf(resource) === COUNTS_ANNOTATIONS && !jsonEquals(annotations, before)) return false;
  const ignored = new Set(['metadata', 'apiVersion', 'kind', ...(hasStatus(resource) ? ['status'] : [])]);
  const fields = new Set([...Object.keys(asked), ...Object.keys(current)].filter((field) => !ignored.has(field)));
  return [...fields].every((field) => jsonEquals(asked[field], current[field]));
};
