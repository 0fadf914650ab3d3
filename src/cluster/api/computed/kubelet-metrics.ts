import { Agent, get } from 'node:https';
import type { Logger } from 'pino';
import { timestamp } from '../../../objects/conditions.js';
import type { Node, Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Store } from '../../store/store.js';
import { kubeletEndpoint, type KubeletAccess } from '../http/connect/kubelet-endpoint.js';
import type { RequestContext } from '../request.js';
import type { ComputedResources } from './computed-resources.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';
import { readAnswer } from '../read-answer.js';

interface Usage {
  readonly time?: string;
  readonly usageNanoCores?: number;
  readonly workingSetBytes?: number;
}

/** What a kubelet says at `/stats/summary`, as far as metrics need it. */
interface StatsSummary {
  readonly node?: { readonly cpu?: Usage; readonly memory?: Usage };
  readonly pods?: readonly {
    readonly podRef: { readonly name: string; readonly namespace: string; readonly uid?: string };
    readonly containers?: readonly { readonly name: string; readonly cpu?: Usage; readonly memory?: Usage }[];
  }[];
}

const API_VERSION = 'metrics.k8s.io/v1beta1';
const ANSWER_MS = 5000;
const ANSWER_LIMIT = 64 * 1024 * 1024;
const WINDOW = '15s';

/** `metrics.k8s.io`, from what the kubelets measure. A kubelet that does not answer has no metrics. */
export const kubeletMetrics = (store: Store, access: KubeletAccess, log: Logger): ComputedResources => {
  const agent = new Agent({ keepAlive: true, ca: access.authority, checkServerIdentity: () => undefined });

  const summaries = async ({ signal }: RequestContext): Promise<readonly [Node, StatsSummary][]> => {
    const nodes = store.list('/registry/core/nodes/').items.map(({ object }) => object as Node);
    const answers = await Promise.all(
      nodes.map(async (node): Promise<readonly [Node, StatsSummary][]> => {
        try {
          const { host, port } = kubeletEndpoint(store, node.metadata.name, access);
          return [[node, await readSummary({ agent, host, port, token: access.token, signal })]];
        } catch (error) {
          log.debug({ err: error, node: node.metadata.name }, 'a kubelet gives no metrics');
          return [];
        }
      }),
    );
    return answers.flat();
  };

  return {
    'metrics.k8s.io/nodes': async (context) =>
      (await summaries(context)).map(([node, summary]) => nodeMetrics(node, summary)),
    'metrics.k8s.io/pods': async (context) =>
      (await summaries(context)).flatMap(([node, summary]) => podMetrics(store, node, summary)),
  };
};

interface SummaryRequest {
  readonly agent: Agent;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly signal: AbortSignal;
}

const readSummary = ({ agent, host, port, token, signal }: SummaryRequest): Promise<StatsSummary> =>
  new Promise((resolve, reject) => {
    const limit = AbortSignal.any([signal, timeoutSignal(ANSWER_MS)]);
    const headers = { authorization: `Bearer ${token}` };
    const request = get({ agent, host, port, path: '/stats/summary', headers, signal: limit }, (answer) => {
      readAnswer(answer, ANSWER_LIMIT)
        .then((text) => {
          if (answer.statusCode !== 200) throw new Error(`the kubelet answers ${answer.statusCode}`);
          return JSON.parse(text) as StatsSummary;
        })
        .then(resolve, reject);
    });
    request.once('error', reject);
  });

const usageOf = (cpu: Usage | undefined, memory: Usage | undefined): Readonly<Record<string, string>> => ({
  cpu: `${Math.round(cpu?.usageNanoCores ?? 0)}n`,
  memory: `${Math.round((memory?.workingSetBytes ?? 0) / 1024)}Ki`,
});

/** Times are whole seconds, as in every object. */
const measuredAt = (usage: Usage | undefined): string => timestamp(Date.parse(usage?.time ?? '') || 0);

const nodeMetrics = ({ metadata }: Node, { node }: StatsSummary): KubeObject => ({
  apiVersion: API_VERSION,
  kind: 'NodeMetrics',
  metadata: pick(metadata),
  timestamp: measuredAt(node?.cpu),
  window: WINDOW,
  usage: usageOf(node?.cpu, node?.memory),
});

const podMetrics = (store: Store, node: Node, { pods = [] }: StatsSummary): readonly KubeObject[] =>
  pods.flatMap(({ podRef, containers = [] }) => {
    const pod = store.get(`/registry/core/pods/${podRef.namespace}/${podRef.name}`)?.object as Pod | undefined;
    const isOwn =
      pod?.spec.nodeName === node.metadata.name && (podRef.uid === undefined || podRef.uid === pod.metadata.uid);
    if (pod === undefined || !isOwn || containers.length === 0) return [];
    return [
      {
        apiVersion: API_VERSION,
        kind: 'PodMetrics',
        metadata: pick(pod.metadata),
        timestamp: measuredAt(containers[0]?.cpu),
        window: WINDOW,
        containers: containers.map(({ name, cpu, memory }) => ({ name, usage: usageOf(cpu, memory) })),
      },
    ];
  });

const pick = ({ name, namespace, labels, creationTimestamp }: KubeObject['metadata']): KubeObject['metadata'] => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  ...(labels === undefined ? {} : { labels }),
  ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
});
