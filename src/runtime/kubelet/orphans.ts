import type { ContainerStatus, Sandbox } from '../containers/container-runtime.js';
import { GRACE_PERIOD, NODE_LABEL } from './config/container-config.js';
import type { KubeletContext } from './kubelet-context.js';
import { LONGEST_GRACE_MS } from './lifecycle/kill-containers.js';
import { removePod } from './pods/end-pod.js';
import { TerminationMessages } from './pods/termination-messages.js';

/** Only what this kubelet made: other nodes of the installation may share the runtime. */
const isOurs = (context: KubeletContext, sandbox: Sandbox): boolean =>
  sandbox.labels[NODE_LABEL] === context.owner.nodeName;

/** Pods that have something in the runtime, by uid. */
export const podsInRuntime = (context: KubeletContext): ReadonlySet<string> =>
  new Set(
    context.view
      .sandboxes()
      .filter((sandbox) => isOurs(context, sandbox))
      .map(({ podUid }) => podUid),
  );

const orphanGraceMs = (run: ContainerStatus): number =>
  Math.min((Number(run.annotations[GRACE_PERIOD]) || 30) * 1000, LONGEST_GRACE_MS);

/** Ends and removes what is left of a pod that nobody knows any more. */
export const removeOrphan = async (context: KubeletContext, podUid: string, signal: AbortSignal): Promise<void> => {
  const { log, runtime, view, volumes } = context;
  const observed = await view.observe(podUid, signal);
  const [sandbox] = observed.sandboxes;
  log.info(
    { podUid, name: sandbox?.podName, namespace: sandbox?.podNamespace },
    'removing what is left of a deleted pod',
  );
  const running = observed.containers.filter(({ state }) => state === 'running');
  await Promise.all(running.map((run) => runtime.stopContainer(run.id, orphanGraceMs(run), signal)));
  for (const { id } of observed.sandboxes) {
    await runtime.stopPodSandbox(id, signal);
    view.markStopped(id);
  }
  await removePod(context, podUid, new TerminationMessages(context.rootFolder, podUid, runtime), signal);
  await volumes.unmountAll(podUid, signal);
};
