import type { Pod } from '../../../objects/kinds/core-v1.js';
import { containersOf, counted, quoted, settersText, sorted, type CheckPod } from './check.js';

type Options = NonNullable<NonNullable<Pod['spec']['securityContext']>['seLinuxOptions']>;

const TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

/** SELinux types of containers only, and neither user nor role. */
export const seLinux = (moreTypes: readonly string[]): CheckPod => {
  const allowed = new Set([...TYPES, ...moreTypes]);
  const isBad = ({ type = '', user = '', role = '' }: Options): boolean =>
    !allowed.has(type) || user !== '' || role !== '';
  return (pod) => {
    const byPod = pod.spec.securityContext?.seLinuxOptions;
    const containers = containersOf(pod).flatMap(({ name, securityContext }) =>
      securityContext?.seLinuxOptions !== undefined && isBad(securityContext.seLinuxOptions)
        ? [{ name, options: securityContext.seLinuxOptions }]
        : [],
    );
    const podIsBad = byPod !== undefined && isBad(byPod);
    const setters = settersText(
      podIsBad,
      containers.map(({ name }) => name),
    );
    if (setters === '') return undefined;
    const options = [...(podIsBad ? [byPod] : []), ...containers.map((each) => each.options)];
    const types = sorted(options.map(({ type = '' }) => type).filter((type) => !allowed.has(type)));
    const problems = [
      ...(types.length === 0 ? [] : [`${counted(types, 'type', 'types')} ${quoted(types)}`]),
      ...(options.some(({ user = '' }) => user !== '') ? ['user may not be set'] : []),
      ...(options.some(({ role = '' }) => role !== '') ? ['role may not be set'] : []),
    ];
    const detail = `${setters} set forbidden securityContext.seLinuxOptions: ${problems.join('; ')}`;
    return { reason: 'seLinuxOptions', detail };
  };
};
