import { request } from 'node:https';
import { isRecord, type AnyRecord } from '../../../objects/json.js';
import type { Resource, Subresource } from '../../../objects/schema/resource-table.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';
import type { Destination } from '../http/connect/tunnel.js';
import { readAnswer } from '../read-answer.js';

const TIMEOUT_MS = 5000;
/** Answers larger than this are refused. */
const ANSWER_LIMIT = 8 * 1024 * 1024;

export interface RemoteAnswer {
  readonly code: number;
  readonly text: string;
}

/** Asks an aggregated server for a document. Rejects when nothing answers within five seconds. */
export const getFrom = (to: Destination, signal: AbortSignal): Promise<RemoteAnswer> =>
  new Promise((resolve, reject) => {
    const sent = request(
      {
        host: to.host,
        port: to.port,
        path: to.path,
        headers: { ...to.headers, accept: 'application/json' },
        agent: false,
        signal: AbortSignal.any([signal, timeoutSignal(TIMEOUT_MS)]),
        ...to.tls,
      },
      (answer) => {
        readAnswer(answer, ANSWER_LIMIT).then((text) => resolve({ code: answer.statusCode ?? 0, text }), reject);
      },
    );
    sent.once('error', reject);
    sent.end();
  });

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];

/** The resources in an APIResourceList. What is no such list has none. */
export const resourcesIn = (text: string, group: string, version: string): readonly Resource[] => {
  const apiVersion = `${group}/${version}`;
  const entries = entriesIn(text);
  const partsOf = (plural: string): readonly Subresource[] =>
    entries
      .filter(({ name }) => textOf(name).startsWith(`${plural}/`))
      .map((entry) => ({
        name: textOf(entry['name']).slice(plural.length + 1),
        kind: { apiVersion: apiVersionIn(entry, apiVersion), kind: textOf(entry['kind']) },
        verbs: textsOf(entry['verbs']),
      }));
  return entries
    .filter(({ name }) => textOf(name) !== '' && !textOf(name).includes('/'))
    .map((entry) => {
      const plural = textOf(entry['name']);
      return {
        group,
        version,
        apiVersion,
        kind: textOf(entry['kind']),
        plural,
        singular: textOf(entry['singularName']),
        namespaced: entry['namespaced'] === true,
        shortNames: textsOf(entry['shortNames']),
        categories: textsOf(entry['categories']),
        verbs: textsOf(entry['verbs']),
        subresources: partsOf(plural),
        storageVersion: apiVersion,
      };
    });
};

const entriesIn = (text: string): readonly AnyRecord[] => {
  const list = parsed(text);
  const resources = isRecord(list) ? list['resources'] : undefined;
  return Array.isArray(resources) ? resources.filter(isRecord) : [];
};

const apiVersionIn = ({ group, version }: AnyRecord, fallback: string): string => {
  if (textOf(version) === '') return fallback;
  return textOf(group) === '' ? textOf(version) : `${textOf(group)}/${textOf(version)}`;
};

/** Where a server says that its OpenAPI document for a path is; undefined when it has none. */
export const openApiUrlIn = (text: string, path: string): string | undefined => {
  const index = parsed(text);
  const paths = isRecord(index) && isRecord(index['paths']) ? index['paths'] : {};
  const entry = Object.hasOwn(paths, path) ? paths[path] : undefined;
  const url = isRecord(entry) ? textOf(entry['serverRelativeURL']) : '';
  return url.startsWith(`/openapi/v3/${path}`) ? url : undefined;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
