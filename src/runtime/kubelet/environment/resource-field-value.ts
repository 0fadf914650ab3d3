import type { Container, Pod, ResourceFieldSelector } from '../../../objects/kinds/core-v1.js';
import type { Quantity } from '../../../objects/quantity.js';
import { parseQuantity, ZERO_QUANTITY } from '../../../objects/quantity.js';
import { StartFailure } from '../errors.js';
import { findContainer } from '../plan/pod-containers.js';

const MILLI = 1_000_000n;
const UNIT = 1_000_000_000n;

/** Rounded up, as all resources are: cpu in thousandths first, the others in whole units. */
const dividedUp = (value: Quantity, divisor: Quantity, unit: bigint): bigint => {
  const whole = (nanos: bigint): bigint => (nanos + unit - 1n) / unit;
  const by = whole(divisor.nanos);
  return (whole(value.nanos) + by - 1n) / by;
};

/** The value of a `resourceFieldRef`: a limit that is not set is what the node has. */
export const resourceFieldValue = (
  pod: Pod,
  container: Container,
  selector: ResourceFieldSelector,
  nodeAllocatable: Readonly<Record<string, string | number>>,
): string => {
  const from =
    selector.containerName === undefined || selector.containerName === ''
      ? container
      : findContainer(pod, selector.containerName)?.spec;
  if (from === undefined) {
    throw new StartFailure('CreateContainerConfigError', `container ${selector.containerName} not found`);
  }
  const [list, name] = splitResource(selector.resource);
  const set = list === 'limits' ? from.resources?.limits?.[name] : from.resources?.requests?.[name];
  const fallback = list === 'limits' ? nodeAllocatable[name] : undefined;
  const amount = set ?? fallback;
  const value = amount === undefined ? ZERO_QUANTITY : parseQuantity(amount);
  const divisor = parseQuantity(selector.divisor ?? '1');
  const positive = divisor.nanos > 0n ? divisor : parseQuantity('1');
  return dividedUp(value, positive, name === 'cpu' ? MILLI : UNIT).toString();
};

const splitResource = (resource: string): readonly ['limits' | 'requests', string] => {
  const dot = resource.indexOf('.');
  const list = resource.slice(0, dot);
  const name = resource.slice(dot + 1);
  if ((list !== 'limits' && list !== 'requests') || name === '') {
    throw new StartFailure('CreateContainerConfigError', `unsupported container resource: ${resource}`);
  }
  return [list, name];
};
