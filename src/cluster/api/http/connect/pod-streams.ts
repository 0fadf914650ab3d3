import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Pod } from '../../../../objects/kinds/core-v1.js';
import type { Machinery } from '../../operations/machinery.js';
import { requireStored } from '../../operations/read.js';
import type { Target } from '../../request.js';
import { badRequest, internal, invalid, type FieldProblem } from '../../status-errors.js';
import { sendBytes } from '../answers.js';
import { flag } from '../parameters.js';
import { containerOf, kubeletEndpoint, type KubeletAccess } from './kubelet-endpoint.js';
import { forward, forwardUpgrade, type Destination } from './tunnel.js';

/** The parts of a pod that are streams from its kubelet. */
export const STREAMS = new Set(['exec', 'attach', 'portforward']);

const podOf = (machinery: Machinery, { subresource: _stream, ...target }: Target): Pod =>
  requireStored(machinery, target).object as Pod;

const requireAccess = (access: KubeletAccess | undefined): KubeletAccess => {
  if (access === undefined) throw internal('this server speaks to no kubelets');
  return access;
};

const kubeletPath = (
  machinery: Machinery,
  access: KubeletAccess | undefined,
  pod: Pod,
  segments: readonly string[],
  query: URLSearchParams,
): Destination => {
  const known = requireAccess(access);
  const { host, port } = kubeletEndpoint(machinery.store, pod.spec.nodeName ?? '', known);
  const path = `/${segments.map(encodeURIComponent).join('/')}`;
  const search = query.toString();
  return {
    secure: true,
    host,
    port,
    path: search === '' ? path : `${path}?${search}`,
    headers: { authorization: `Bearer ${known.token}` },
    authority: known.authority,
  };
};

const LOG_OPTIONS: readonly (readonly [name: string, least: number])[] = [
  ['tailLines', 0],
  ['sinceSeconds', 1],
  ['limitBytes', 1],
];

const PASSED = ['follow', 'previous', 'timestamps', 'sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes', 'stream'];

const logQuery = (pod: Pod, query: URLSearchParams): URLSearchParams => {
  const problems: FieldProblem[] = LOG_OPTIONS.flatMap(([name, least]) => {
    const text = query.get(name);
    if (text === null || (/^-?\d+$/.test(text) && Number(text) >= least)) return [];
    const why = least === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0';
    return [{ reason: 'FieldValueInvalid', field: name, message: `Invalid value: ${text}: ${why}` }];
  });
  if (query.has('sinceSeconds') && query.has('sinceTime')) {
    const message = 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified';
    problems.push({ reason: 'FieldValueForbidden', field: 'sinceSeconds', message });
  }
  if (problems.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod.metadata.name, problems);
  const passed = new URLSearchParams();
  for (const name of PASSED) {
    const value = query.get(name);
    if (value !== null) passed.set(name, value);
  }
  return passed;
};

/** Answers `pods/log` with what the kubelet of the pod's node says. A pod without a node has said nothing yet. */
export const serveLog = async (
  machinery: Machinery,
  access: KubeletAccess | undefined,
  target: Target,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const pod = podOf(machinery, target);
  const container = containerOf(pod, query.get('container'));
  const options = logQuery(pod, query);
  if ((pod.spec.nodeName ?? '') === '') {
    await sendBytes(request, response, 200, 'text/plain', []);
    return;
  }
  const segments = ['containerLogs', pod.metadata.namespace ?? '', pod.metadata.name, container];
  await forward(request, response, kubeletPath(machinery, access, pod, segments, options));
};

/** What the API calls the streams of a command, and what kubelets call them. */
const KUBELET_NAMES = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' } as const;

const commandQuery = (query: URLSearchParams, withCommand: boolean): URLSearchParams => {
  const passed = new URLSearchParams();
  for (const [name, kubeletName] of Object.entries(KUBELET_NAMES)) {
    if (flag(query, name) === true) passed.set(kubeletName, '1');
  }
  if (!withCommand) return passed;
  const command = query.getAll('command');
  if (command.length === 0) throw badRequest('you must specify at least 1 container, command');
  for (const part of command) passed.append('command', part);
  return passed;
};

/** Connects `pods/exec`, `pods/attach` and `pods/portforward` with the kubelet, byte for byte. */
export const streamPod = async (
  machinery: Machinery,
  access: KubeletAccess | undefined,
  target: Target,
  query: URLSearchParams,
  request: IncomingMessage,
  connection: { readonly socket: Duplex; readonly head: Buffer },
): Promise<void> => {
  const pod = podOf(machinery, target);
  const { namespace = '', name } = pod.metadata;
  const isPortForward = target.subresource === 'portforward';
  const rest = isPortForward ? [] : [containerOf(pod, query.get('container'))];
  if ((pod.spec.nodeName ?? '') === '') throw badRequest(`pod ${name} does not have a host assigned`);
  const verb = isPortForward ? 'portForward' : (target.subresource ?? '');
  const options = isPortForward ? new URLSearchParams() : commandQuery(query, target.subresource === 'exec');
  const to = kubeletPath(machinery, access, pod, [verb, namespace, name, ...rest], options);
  await forwardUpgrade(request, connection.socket, connection.head, to);
};
