import { isApiError } from '../../../objects/api-error.js';
import { timestamp } from '../../../objects/conditions.js';
import { jsonEquals } from '../../../objects/json.js';
import { CustomResourceDefinition } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import type { Client } from '../../client/client.js';
import { CLEANUP_FINALIZER, deleteCollection } from '../operations/remove.js';
import type { Machinery } from '../operations/machinery.js';
import { storedObjects } from '../operations/read.js';
import type { RequestContext, ServedResource } from '../request.js';
import { resourcePrefix } from '../storage-keys.js';
import { definitionStatus, type UsedNames } from './naming.js';
import { servedVersions } from './served-versions.js';

const PREFIX = '/registry/apiextensions.k8s.io/customresourcedefinitions/';

/** Serves the definitions that are stored; called before the first request, so that a restart serves them at once. */
export const serveStoredDefinitions = ({ store, registry }: Pick<Machinery, 'store' | 'registry'>): void => {
  for (const { object } of store.list(PREFIX).items) {
    registry.setCustom(object.metadata.name, servedVersions(object as CustomResourceDefinition));
  }
};

/** Follows the definitions: accepts their names, serves them, and removes what they leave. Ends with the signal. */
export const followDefinitions = async (
  machinery: Machinery,
  client: Client,
  context: RequestContext,
): Promise<void> => {
  const { store, registry } = machinery;
  const { items, revision } = store.list(PREFIX);
  for (const { object } of items) await settle(machinery, client, context, object as CustomResourceDefinition);
  for await (const event of store.watch(PREFIX, revision, context.signal)) {
    const definition = event.stored.object as CustomResourceDefinition;
    if (event.type === 'removed') registry.setCustom(definition.metadata.name, []);
    else await settle(machinery, client, context, definition);
  }
};

const settle = async (
  machinery: Machinery,
  client: Client,
  context: RequestContext,
  definition: CustomResourceDefinition,
): Promise<void> => {
  const { registry, log } = machinery;
  const { name } = definition.metadata;
  try {
    if (definition.metadata.deletionTimestamp !== undefined) {
      await cleanUp(machinery, client, context, definition);
      return;
    }
    const status = definitionStatus(definition, usedNames(machinery, definition), timestamp(machinery.clock.now()));
    const settled = { ...definition, status };
    // Served before the condition says so: who waits for the condition may use the resource at once.
    registry.setCustom(name, servedVersions(settled));
    if (!jsonEquals(status, definition.status)) await client.updateStatus(settled);
  } catch (error) {
    // A conflict or a deletion in between brings another event, which is settled in its turn.
    if (!isApiError(error, 'Conflict') && !isApiError(error, 'NotFound')) {
      log.error({ err: error, definition: name }, 'cannot serve a custom resource definition');
    }
  }
};

const usedNames = (machinery: Machinery, definition: CustomResourceDefinition): UsedNames => {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const served of machinery.registry.all) {
    if (served.group !== definition.spec.group || served.definition?.metadata.name === definition.metadata.name)
      continue;
    for (const name of [served.plural, served.singular, ...served.shortNames]) resources.add(name);
    kinds.add(served.kind).add(served.listKind);
  }
  return { resources, kinds };
};

/** Deletes the objects of a definition; the last one to go takes the finalizer with it. */
const cleanUp = async (
  machinery: Machinery,
  client: Client,
  context: RequestContext,
  definition: CustomResourceDefinition,
): Promise<void> => {
  const { name, finalizers = [] } = definition.metadata;
  if (!finalizers.includes(CLEANUP_FINALIZER)) return;
  const [resource] = servedVersions(definition);
  if (resource !== undefined) {
    await deleteCollection(machinery, context, { resource }, {}, { dryRun: false });
    await untilEmpty(machinery, resource, context.signal);
  }
  // Whoever sees that the definition is gone finds nothing served any more.
  machinery.registry.setCustom(name, []);
  const rest = finalizers.filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
  const body = { metadata: { finalizers: rest.length === 0 ? null : rest } };
  await client.patch(CustomResourceDefinition, { name }, { type: 'merge', body });
};

const untilEmpty = async (machinery: Machinery, resource: ServedResource, signal: AbortSignal): Promise<void> => {
  const { store } = machinery;
  const from = store.revision;
  if (storedObjects(machinery, { resource }).length === 0) return;
  for await (const event of store.watch(resourcePrefix(resource), from, signal)) {
    if (event.type === 'removed' && storedObjects(machinery, { resource }).length === 0) return;
  }
};
