import type { Container, LifecycleHandler } from '../../../objects/kinds/core-v1.js';
import type { Clock } from '../../../objects/clock.js';
import type { ContainerRuntime } from '../../containers/container-runtime.js';
import { probeHttp } from '../probes/http-probe.js';
import { httpUrl, portNumber } from '../probes/probe-handler.js';
import { probeTcp } from '../probes/tcp-probe.js';

export interface HookTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string | undefined;
}

export interface HookOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
}

/** Longest time that a postStart hook may take; those of preStop have the grace period. */
export const LONGEST_POST_START_MS = 600_000;

/** Runs a postStart or preStop handler. Rejects with a message that says what went wrong. */
export const runHook = async (
  handler: LifecycleHandler,
  target: HookTarget,
  timeoutMs: number,
  { runtime, clock }: HookOptions,
  signal: AbortSignal,
): Promise<void> => {
  if (handler.exec !== undefined) {
    const command = handler.exec.command ?? [];
    const { exitCode, stdout, stderr } = await runtime.execSync(target.containerId, command, timeoutMs, signal);
    if (exitCode === 0) return;
    const output = Buffer.concat([stdout, stderr]).subarray(0, 1024).toString('utf8');
    throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${output}`);
  }
  if (handler.sleep !== undefined) {
    await clock.sleep(Math.min(handler.sleep.seconds * 1000, timeoutMs), signal);
    return;
  }
  await runNetworkHook(handler, target, timeoutMs, signal);
};

const runNetworkHook = async (
  handler: LifecycleHandler,
  { container, podIp }: HookTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> => {
  if (podIp === undefined) throw new Error('the pod has no address');
  if (handler.httpGet !== undefined) {
    const url = httpUrl(handler.httpGet, container, podIp);
    if (url === undefined) throw new Error('invalid port or path of httpGet');
    const result = await probeHttp(url, handler.httpGet.httpHeaders ?? [], timeoutMs, signal);
    if (result.outcome !== 'success') throw new Error(result.output);
    return;
  }
  if (handler.tcpSocket !== undefined) {
    const port = portNumber(handler.tcpSocket.port, container);
    if (port === undefined) throw new Error('invalid port of tcpSocket');
    const { host } = handler.tcpSocket;
    const result = await probeTcp(host === undefined || host === '' ? podIp : host, port, timeoutMs, signal);
    if (result.outcome !== 'success') throw new Error(result.output);
    return;
  }
  throw new Error('invalid handler: it names no action');
};
