import { KustomizeError, MalformedYamlError } from '../errors.js';
import type { PatchArgs } from '../kustomization/kustomization.js';
import type { Loader } from '../load/loader.js';
import type { Node } from '../nodes/node.js';
import type { JsonPatchOperation } from '../patch/json-patch.js';
import { passThroughJson } from '../nodes/through-json.js';
import { applyJsonPatch, readJsonPatch } from '../patch/json-patch.js';
import type { MergeSchemas } from '../patch/merge-schema.js';
import { strategicMerge } from '../patch/strategic-merge.js';
import { readResources, tryReadResources } from '../resources/read-resources.js';
import type { Resource } from '../resources/resource.js';
import { idText } from '../resources/resource-id.js';
import type { ResourceMap } from '../resources/resource-map.js';
import type { BuildContext } from './build-context.js';
import type { TransformerStep } from './steps.js';

const EMPTY: Node['kind'] = 'map';

/** Merges a patch into one resource; what it must not change is put back. */
const applyMergePatch = (target: Resource, patch: Resource, schemas: MergeSchemas): void => {
  const { name, namespace, kind } = target;
  if (patch.allowNameChange || patch.allowKindChange) target.rememberId();
  const merged = strategicMerge(target.node, patch.node, schemas);
  if (merged === undefined) {
    target.node.fields.clear();
    return;
  }
  target.node = merged;
  if (target.isEmpty || merged.kind !== EMPTY) return;
  if (!patch.allowKindChange) target.setKind(kind);
  if (!patch.allowNameChange) target.setName(name);
  target.setNamespace(namespace);
  target.forgetUnmarked();
};

/** Applies copies of a patch to the selected resources, then checks that all ids are still different. */
const applyToSelected = (
  map: ResourceMap,
  selected: readonly Resource[],
  patch: Resource,
  schemas: MergeSchemas,
): void => {
  for (const resource of selected) {
    if (resource.isEmpty) continue;
    const copy = patch.copy();
    // As Kustomize copies a patch: labels and annotations become texts, even the nulls that would remove one.
    copy.setMetaStrings('labels', copy.labels);
    copy.setMetaStrings('annotations', copy.annotations);
    copy.setApiVersion(resource.apiVersion);
    applyMergePatch(resource, copy, schemas);
    if (resource.isEmpty || patch.allowNameChange || patch.allowKindChange) map.touch();
  }
  map.dropEmpty();
  map.requireDistinct();
};

/** An entry of `patches`. */
export const patchStep = async (args: PatchArgs, loader: Loader, context: BuildContext): Promise<TransformerStep> => {
  const inline = args.patch?.trim() ?? '';
  if (inline === '' && !args.path) throw new KustomizeError('patches: must specify one of patch and path');
  if (inline !== '' && args.path) throw new KustomizeError("patches: patch and path can't be set at the same time");
  const source = inline === '' ? `[path: "${args.path}"]` : `[patch: ${JSON.stringify(inline)}]`;
  let text = inline;
  if (inline === '') {
    try {
      text = await loader.loadText(args.path ?? '');
    } catch (error) {
      if (!(error instanceof KustomizeError)) throw error;
      throw new KustomizeError(`failed to get the patch file from path(${args.path}): ${error.message}`, error.file);
    }
  }
  const merges = tryReadResources(text);
  const operations = tryReadJsonPatch(text);
  const isMerge = Array.isArray(merges);
  if (isMerge) context.adopt(merges);
  if (isMerge && merges.length > 0 && Array.isArray(operations) && operations.length > 0) {
    throw new KustomizeError(`illegally qualifies as both an SM and JSON patch: ${source}`);
  }
  if (!isMerge && !Array.isArray(operations)) {
    throw new KustomizeError(`unable to parse SM or JSON patch from ${source}: ${merges.message}`);
  }
  // What has no document, a file of comments say, is a JSON patch of no operations.
  if (!isMerge || merges.length === 0) {
    const list = Array.isArray(operations) || text.trim() !== '' ? operations : [];
    return { transform: (map) => jsonPatchSelected(map, args, list, source) };
  }
  for (const patch of merges) {
    patch.allowChanges(args.options?.['allowNameChange'] === true, args.options?.['allowKindChange'] === true);
  }
  return { transform: (map) => mergeSelected(map, args, merges, source, context.schemas) };
};

const mergeSelected = (
  map: ResourceMap,
  { target }: PatchArgs,
  patches: readonly Resource[],
  source: string,
  schemas: MergeSchemas,
): void => {
  if (target !== undefined) {
    const [patch] = patches;
    if (patches.length > 1) {
      throw new KustomizeError(
        `Multiple Strategic-Merge Patches in one \`patches\` entry is not allowed to set \`patches.target\` field: ${source}`,
      );
    }
    if (patch !== undefined) applyToSelected(map, map.select(target), patch, schemas);
    return;
  }
  for (const patch of patches) {
    const id = patch.originalId;
    let resource: Resource;
    try {
      resource = map.theOne(id);
    } catch (error) {
      if (!(error instanceof KustomizeError)) throw error;
      throw new KustomizeError(`no resource matches strategic merge patch "${idText(id)}": ${error.message}`);
    }
    applyMergePatch(resource, patch.copy(), schemas);
    if (patch.allowNameChange || patch.allowKindChange) map.touch();
  }
};

const tryReadJsonPatch = (text: string): JsonPatchOperation[] | KustomizeError => {
  try {
    return readJsonPatch(text);
  } catch (error) {
    if (error instanceof MalformedYamlError) return error;
    throw error;
  }
};

const applyTo = (resource: Resource, operations: readonly JsonPatchOperation[]): void => {
  const { hasState } = resource;
  if (resource.sharesNodes) resource.node = resource.node.copy();
  resource.sharesNodes = false;
  applyJsonPatch(resource.node, operations);
  passThroughJson(resource.node);
  resource.restoreAnnotations(hasState);
};

const jsonPatchSelected = (
  map: ResourceMap,
  { target }: PatchArgs,
  operations: readonly JsonPatchOperation[] | KustomizeError,
  source: string,
): void => {
  if (target === undefined) throw new KustomizeError(`must specify a target for JSON patch ${source}`);
  if (operations instanceof KustomizeError) throw operations;
  for (const resource of map.select(target)) {
    resource.rememberId();
    applyTo(resource, operations);
  }
};

/** `patchesStrategicMerge`: each entry is a patch itself or a path. */
export const mergePatchesStep = async (
  entries: readonly string[],
  loader: Loader,
  context: BuildContext,
  text = '',
): Promise<TransformerStep> => {
  const patches: Resource[] = [];
  for (const entry of entries) {
    if (entry === '') continue;
    const inline = entry.includes('\n') || entry.includes('{') ? tryReadResources(entry) : undefined;
    if (Array.isArray(inline)) patches.push(...inline);
    else patches.push(...readResources(await loader.loadText(entry), loader.join(entry)));
  }
  if (text !== '') patches.push(...readResources(text));
  if (patches.length === 0) throw new KustomizeError(`patch appears to be empty; files=[${entries.join(' ')}]`);
  context.adopt(patches);
  return {
    transform: (map) => {
      for (const patch of patches) applyToSelected(map, [map.theOne(patch.originalId)], patch, context.schemas);
    },
  };
};

/** An entry of `patchesJson6902`. */
export const json6902Step = async (args: PatchArgs, loader: Loader): Promise<TransformerStep> => {
  if (!args.target?.name) throw new KustomizeError('must specify the target name');
  if (!args.path && !args.patch) throw new KustomizeError('empty file path and empty jsonOp');
  if (args.path && args.patch) throw new KustomizeError('must specify a file path or jsonOp, not both');
  const text = args.patch || (await loader.loadText(args.path ?? ''));
  if (text === '') throw new KustomizeError(`patch file '${args.path}' empty seems to be empty`);
  const operations = readJsonPatch(text);
  if (operations.length === 0) throw new KustomizeError(`patch appears to be empty; file=${args.path ?? ''}`);
  const { target } = args;
  return {
    transform: (map) => {
      for (const resource of map.select(target)) applyTo(resource, operations);
    },
  };
};
