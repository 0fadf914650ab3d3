import type { Container, Probe } from '../../../objects/kinds/core-v1.js';
import type { ContainerRuntime } from '../../containers/container-runtime.js';
import { RuntimeFailure } from '../../containers/container-runtime.js';
import { messageOf } from '../errors.js';
import { probeGrpc } from './grpc-probe.js';
import { probeHttp } from './http-probe.js';
import type { ProbeResult } from './probe-handler.js';
import { failure, httpUrl, portNumber, success } from './probe-handler.js';
import { probeTcp } from './tcp-probe.js';

export interface ProbeTarget {
  readonly container: Container;
  readonly containerId: string;
  /** Where the pod is reached from the node; absent until known. */
  readonly podIp: string | undefined;
}

/** Timers hold 24 days at most. */
const LONGEST_TIMEOUT_MS = 2_000_000_000;
const MOST_OUTPUT_BYTES = 10 * 1024;

const unknown = (output: string): ProbeResult => ({ outcome: 'error', output });

/** Makes one attempt of a probe. Rejects only when the signal fires. */
export const runProbe = async (
  probe: Probe,
  target: ProbeTarget,
  runtime: ContainerRuntime,
  signal: AbortSignal,
): Promise<ProbeResult> => {
  const timeoutMs = Math.min(Math.max(1, probe.timeoutSeconds ?? 1) * 1000, LONGEST_TIMEOUT_MS);
  try {
    if (probe.exec !== undefined) return await probeExec(probe.exec.command ?? [], target, timeoutMs, runtime, signal);
    return await probeNetwork(probe, target, timeoutMs, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return unknown(messageOf(error));
  }
};

const probeNetwork = async (
  probe: Probe,
  target: ProbeTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeResult> => {
  const { container, podIp } = target;
  if (podIp === undefined) return unknown('the pod has no address yet');
  if (probe.httpGet !== undefined) {
    const url = httpUrl(probe.httpGet, container, podIp);
    if (url === undefined) return unknown(`invalid port or path of httpGet in container ${container.name}`);
    return probeHttp(url, probe.httpGet.httpHeaders ?? [], timeoutMs, signal);
  }
  if (probe.tcpSocket !== undefined) {
    const port = portNumber(probe.tcpSocket.port, container);
    if (port === undefined) return unknown(`couldn't find port: ${probe.tcpSocket.port}`);
    const { host } = probe.tcpSocket;
    return probeTcp(host === undefined || host === '' ? podIp : host, port, timeoutMs, signal);
  }
  if (probe.grpc !== undefined) return probeGrpc(podIp, probe.grpc.port, probe.grpc.service ?? '', timeoutMs, signal);
  return unknown(`missing probe handler for container ${container.name}`);
};

const probeExec = async (
  command: readonly string[],
  target: ProbeTarget,
  timeoutMs: number,
  runtime: ContainerRuntime,
  signal: AbortSignal,
): Promise<ProbeResult> => {
  try {
    const result = await runtime.execSync(target.containerId, command, timeoutMs, signal);
    const output = Buffer.concat([result.stdout, result.stderr]).subarray(0, MOST_OUTPUT_BYTES).toString('utf8');
    return result.exitCode === 0 ? success(output) : failure(output);
  } catch (error) {
    if (error instanceof RuntimeFailure && error.code === 'timeout') {
      return failure(`command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`);
    }
    throw error;
  }
};
