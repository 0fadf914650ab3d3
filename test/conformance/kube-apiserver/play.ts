import { randomBytes } from 'node:crypto';
import { mask } from './mask.js';
import { bodyOf, type Case, type RecordFile, type Reply, type Step } from './records.js';
import type { Answer, Server } from './servers.js';

const PATCHES: Readonly<Record<string, string>> = {
  'json-patch': 'application/json-patch+json',
  'merge-patch': 'application/merge-patch+json',
  'strategic-merge-patch': 'application/strategic-merge-patch+json',
  'apply-patch': 'application/apply-patch+yaml',
};

/** Runs a case's steps and gives the reply of each. */
export const play = async (server: Server, record: Case, bases: RecordFile['bases']): Promise<readonly Reply[]> => {
  const values = new Map<string, string>();
  const started = Date.now();
  if (JSON.stringify([record.steps, bases]).includes('$ns')) values.set('ns', await newNamespace(server));
  const replies: Reply[] = [];
  for (const step of record.steps) {
    const answer = await ask(server, step, values, bases);
    replies.push(replyOf(step, answer, values, started));
  }
  return replies;
};

const newNamespace = async (server: Server): Promise<string> => {
  const name = `records-${randomBytes(4).toString('hex')}`;
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const headers = { 'content-type': 'application/json' };
  const { code, text } = await server.ask({ method: 'POST', path: '/api/v1/namespaces', headers, body });
  if (code !== 201) throw new Error(`a namespace could not be made: ${text}`);
  return name;
};

const ask = async (
  server: Server,
  step: Step,
  values: Map<string, string>,
  bases: RecordFile['bases'],
): Promise<Answer> => {
  const [method = '', path = ''] = fill(step.request, values).split(' ');
  const body = bodyOf(step, bases);
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const type = step.type ?? 'application/json';
  const answer = await server.ask({
    method,
    path,
    headers: {
      accept: step.accept ?? 'application/json',
      ...(sent === undefined ? {} : { 'content-type': PATCHES[type] ?? type }),
    },
    ...(sent === undefined ? {} : { body: fill(sent, values) }),
  });
  for (const [name, at] of Object.entries(step.keep ?? {})) {
    const value = valueAt(parsed(answer.text), at);
    if (typeof value === 'string' || typeof value === 'number') values.set(name, `${value}`);
  }
  return answer;
};

const fill = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replace(/\$([a-z]\w*)/gi, (whole, name: string) => values.get(name) ?? whole);

const replyOf = (step: Step, answer: Answer, values: ReadonlyMap<string, string>, started: number): Reply => {
  const masking = { namespace: values.get('ns'), started, managedFields: step.managedFields === true };
  const warnings = warningsOf(answer).map((text) => mask(text, masking));
  const masked = mask(parsed(answer.text), masking);
  return {
    code: answer.code,
    ...(warnings.length === 0 ? {} : { warnings: warnings as readonly string[] }),
    body: step.only === undefined ? masked : partsOf(masked, step.only),
  };
};

const partsOf = (body: unknown, paths: readonly string[]): unknown =>
  Object.fromEntries(
    paths.map((path) => [path, valueAt(body, path)] as const).filter(([, value]) => value !== undefined),
  );

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

const valueAt = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
      value,
    );

/** The texts of `Warning: 299 - "text"`. */
const warningsOf = ({ rawHeaders }: Answer): readonly string[] =>
  rawHeaders.flatMap((name, index) => {
    if (index % 2 === 1 || name.toLowerCase() !== 'warning') return [];
    const value = rawHeaders[index + 1] ?? '';
    const text = /^\d+ \S+ "((?:[^"\\]|\\.)*)"$/.exec(value)?.[1];
    return [text === undefined ? value : text.replaceAll(/\\(.)/g, '$1')];
  });
