import jsonPatch from 'fast-json-patch';
import { ApiError } from '../api-error.js';
import { cloneJson, isRecord } from '../json.js';
import { writeJson } from '../lossless-json.js';
import { malformedPatch, patchDoesNotApply } from './patch-errors.js';

export const MAX_JSON_PATCH_OPERATIONS = 10_000;
/** What the `copy` operations of one patch may add up to, in bytes of JSON. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024;

const OPERATIONS: ReadonlySet<string> = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

const notAnOperation = (value: unknown): string => {
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return `json: cannot unmarshal ${kind} into Go value of type handlers.jsonPatchOp`;
};

const checkedOperations = (patch: unknown): readonly jsonPatch.Operation[] => {
  if (!Array.isArray(patch)) {
    throw malformedPatch(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  }
  if (patch.length > MAX_JSON_PATCH_OPERATIONS) {
    throw new ApiError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${MAX_JSON_PATCH_OPERATIONS}, got ${patch.length}`,
    );
  }
  for (const operation of patch as unknown[]) {
    if (!isRecord(operation)) throw malformedPatch(`error decoding patch: ${notAnOperation(operation)}`);
    const { op, path, from } = operation;
    if (typeof op !== 'string' || !OPERATIONS.has(op)) throw patchDoesNotApply(`Unexpected kind: ${String(op)}`);
    if (typeof path !== 'string') throw patchDoesNotApply(`${op} operation does not apply: missing path`);
    if ((op === 'move' || op === 'copy') && typeof from !== 'string') {
      throw patchDoesNotApply(`${op} operation does not apply: missing from`);
    }
    if ((op === 'add' || op === 'replace' || op === 'test') && !Object.hasOwn(operation, 'value')) {
      throw patchDoesNotApply(`${op} operation does not apply: missing value`);
    }
  }
  return patch as readonly jsonPatch.Operation[];
};

/**
 * Applies an RFC 6902 patch and returns the new document; the old one is untouched.
 * Throws an ApiError: BadRequest for what is no patch, RequestEntityTooLarge, Invalid for one that does not apply.
 */
export const applyJsonPatch = (document: unknown, patch: unknown): unknown => {
  const operations = checkedOperations(patch);
  let result: unknown = cloneJson(document);
  let copied = 0;
  for (const operation of operations) {
    if (operation.op === 'copy' && isThere(result, operation.from)) {
      const source: unknown = jsonPatch.getValueByPointer(result, operation.from);
      copied += source === undefined ? 0 : Buffer.byteLength(writeJson(source));
      if (copied > MAX_COPIED_BYTES) throw patchDoesNotApply('the copied values exceed the limit');
    }
    result = applyOne(result, operation);
  }
  return result;
};

const stepsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** True when the document itself has something there: what every object inherits is none of its own. */
const isThere = (document: unknown, pointer: string): boolean => {
  let value = document;
  for (const step of stepsOf(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as Record<string, unknown>)[step];
  }
  return true;
};

/** Where something must be for an operation to make sense. */
const neededBy = (operation: jsonPatch.Operation): string | undefined => {
  if (operation.op === 'move' || operation.op === 'copy') return operation.from;
  return operation.op === 'remove' || operation.op === 'replace' || operation.op === 'test'
    ? operation.path
    : undefined;
};

/** True for a field that an object which is there does not have. */
const isMissingField = (document: unknown, pointer: string): boolean => {
  if (pointer === '' || isThere(document, pointer)) return false;
  const parent = pointer.slice(0, pointer.lastIndexOf('/'));
  return isThere(document, parent) && isRecord(jsonPatch.getValueByPointer(document, parent));
};

/**
 * In Kubernetes a field that an object does not have is null to those who copy or test it, and a replacement makes it.
 * Undefined when nothing is left to do.
 */
const asApplied = (document: unknown, operation: jsonPatch.Operation): jsonPatch.Operation | undefined => {
  const { op, path } = operation;
  if (op === 'replace' && isMissingField(document, path)) return { op: 'add', path, value: operation.value as unknown };
  if (op === 'copy' && isMissingField(document, operation.from)) return { op: 'add', path, value: null };
  return op === 'test' && operation.value === null && isMissingField(document, path) ? undefined : operation;
};

const parentOf = (pointer: string): string => pointer.slice(0, Math.max(pointer.lastIndexOf('/'), 0));

/** What an operation misses, as kube-apiserver says it. */
const absence = (document: unknown, { op, path }: jsonPatch.Operation, needed: string): string => {
  if (isThere(document, parentOf(needed))) {
    const key = stepsOf(needed).at(-1) ?? '';
    if (op === 'remove')
      return `error in remove for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`;
    if (op === 'test') return `testing value ${path} failed: test failed`;
  }
  const place = op === 'add' || op === 'remove' ? JSON.stringify(needed) : needed;
  const what = op === 'move' || op === 'copy' ? 'missing from path' : 'missing path';
  return `${op} operation does not apply: doc is ${what}: ${place}: missing value`;
};

const applyOne = (document: unknown, asked: jsonPatch.Operation): unknown => {
  const operation = asApplied(document, asked);
  if (operation === undefined) return document;
  const needed = neededBy(operation);
  if (needed !== undefined && !isThere(document, needed)) throw patchDoesNotApply(absence(document, operation, needed));
  if (operation.op === 'add' && !isThere(document, parentOf(operation.path))) {
    throw patchDoesNotApply(absence(document, operation, operation.path));
  }
  try {
    // Validates that paths exist, and refuses paths that lead into the prototype.
    return jsonPatch.applyOperation(document, cloneJson(operation), true, true, true).newDocument;
  } catch (error) {
    if (operation.op === 'test') throw patchDoesNotApply(`testing value ${operation.path} failed: test failed`);
    const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    throw patchDoesNotApply(`${operation.op} operation does not apply: ${operation.path}: ${reason}`);
  }
};
