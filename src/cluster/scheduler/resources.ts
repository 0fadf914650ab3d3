import type { Container, Node, Pod } from '../../objects/kinds/core-v1.js';
import { milliValue, parseQuantity, wholeValue } from '../../objects/quantity.js';

/** Amounts by resource name: `cpu` in thousandths of a core, everything else in whole units (bytes, pieces). */
export type Amounts = ReadonlyMap<string, number>;

/** What a pod without requests is taken to need when nodes are scored, so that such pods spread too. */
const SCORING_DEFAULTS: Amounts = new Map([
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
]);

const amountsOf = (list: Readonly<Record<string, string | number>> | undefined): Map<string, number> =>
  new Map(Object.entries(list ?? {}).map(([name, quantity]) => [name, amountOf(name, quantity)]));

const amountOf = (name: string, quantity: string | number): number => {
  const parsed = parseQuantity(quantity);
  return name === 'cpu' ? milliValue(parsed) : wholeValue(parsed);
};

const add = (left: Amounts, right: Amounts): Map<string, number> => {
  const sum = new Map(left);
  for (const [name, amount] of right) sum.set(name, (sum.get(name) ?? 0) + amount);
  return sum;
};

const atLeast = (left: Amounts, right: Amounts): Map<string, number> => {
  const most = new Map(left);
  for (const [name, amount] of right) most.set(name, Math.max(most.get(name) ?? 0, amount));
  return most;
};

const withDefaults = (amounts: Amounts): Map<string, number> => {
  const filled = new Map(amounts);
  for (const [name, amount] of SCORING_DEFAULTS) if (!filled.has(name)) filled.set(name, amount);
  return filled;
};

const NOTHING: Amounts = new Map();

/**
 * What a pod needs: the larger of all containers together and of each init container with the sidecars that were
 * started before it; plus overhead. Pod-level requests replace what they name.
 */
const combine = (pod: Pod, requestsOf: (container: Container) => Amounts): Amounts => {
  let running = NOTHING;
  let initial = NOTHING;
  for (const container of pod.spec.initContainers ?? []) {
    const requests = requestsOf(container);
    if (container.restartPolicy === 'Always') {
      running = add(running, requests);
      initial = atLeast(initial, running);
    } else {
      initial = atLeast(initial, add(running, requests));
    }
  }
  for (const container of pod.spec.containers) running = add(running, requestsOf(container));
  const own = new Map([...atLeast(running, initial), ...amountsOf(pod.spec.resources?.requests)]);
  return add(own, amountsOf(pod.spec.overhead));
};

export const podRequests = (pod: Pod): Amounts => combine(pod, (container) => amountsOf(container.resources?.requests));

/** As `podRequests`, with the defaults that scoring assumes where a container requests nothing. */
export const podScoringRequests = (pod: Pod): Amounts =>
  combine(pod, (container) => withDefaults(amountsOf(container.resources?.requests)));

export const nodeAllocatable = (node: Node): Amounts => amountsOf(node.status?.allocatable ?? node.status?.capacity);
