import type { PlayedPods } from './stories.js';

type Fields = Record<string, unknown>;

/** The status that a kubelet would give a pod in that state; undefined when it is in that state already. */
export const playedStatus = (pod: Fields, played: PlayedPods): Fields | undefined => {
  const status = (pod['status'] ?? {}) as Fields;
  const phase = { running: 'Running', ready: 'Running', succeeded: 'Succeeded', failed: 'Failed' }[played.state];
  const isReady = played.state === 'ready';
  const known = ((status['conditions'] ?? []) as Fields[]).find(({ type }) => type === 'Ready');
  if (status['phase'] === phase && (known?.['status'] === 'True') === isReady) return undefined;
  if (['Succeeded', 'Failed'].includes(String(status['phase']))) return undefined;
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const condition = (type: string, holds: boolean, reason?: string): Fields => ({
    type,
    status: holds ? 'True' : 'False',
    lastTransitionTime: now,
    ...(reason === undefined ? {} : { reason }),
  });
  const ended = phase === 'Running' ? undefined : `Pod${phase === 'Succeeded' ? 'Completed' : 'Failed'}`;
  const unready = ended ?? (isReady ? undefined : 'ContainersNotReady');
  return {
    phase,
    startTime: status['startTime'] ?? now,
    hostIP: '10.9.0.1',
    podIP: addressOf(pod),
    podIPs: [{ ip: addressOf(pod) }],
    ...(played.reason === undefined ? {} : { reason: played.reason }),
    conditions: [
      condition('Initialized', true, ended),
      condition('Ready', isReady, unready),
      condition('ContainersReady', isReady, unready),
      condition('PodScheduled', true),
      ...(played.conditions ?? []).map((more) => ({ lastTransitionTime: now, ...more })),
    ],
    containerStatuses: containersOf(pod).map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready: isReady,
      started: phase === 'Running',
      restartCount: 0,
      state: stateOf(played, phase === 'Running', now),
    })),
  };
};

const stateOf = ({ state, exitCode }: PlayedPods, isRunning: boolean, now: string): Fields => {
  if (isRunning) return { running: { startedAt: now } };
  const code = exitCode ?? (state === 'failed' ? 1 : 0);
  return {
    terminated: { exitCode: code, reason: code === 0 ? 'Completed' : 'Error', startedAt: now, finishedAt: now },
  };
};

const containersOf = (pod: Fields): readonly Fields[] => ((pod['spec'] as Fields)['containers'] ?? []) as Fields[];

/** An address that belongs to the pod alone. */
const addressOf = (pod: Fields): string => {
  const uid = String((pod['metadata'] as Fields)['uid']).replaceAll('-', '');
  const part = (at: number): number => Number.parseInt(uid.slice(at, at + 2), 16);
  return `10.${part(0)}.${part(2)}.${1 + (part(4) % 250)}`;
};
