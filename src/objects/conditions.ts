/** A condition of a status, in the form that all kinds share. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly observedGeneration?: number;
}

export const findCondition = <T extends Condition>(conditions: readonly T[] | undefined, type: string): T | undefined =>
  conditions?.find((condition) => condition.type === type);

/** True when the condition of that type is there with the status `True`. */
export const isConditionTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  findCondition(conditions, type)?.status === 'True';

type WithoutTime<T extends Condition> = Omit<T, 'lastTransitionTime'> & { readonly lastTransitionTime?: string };

/**
 * The conditions with one set. `lastTransitionTime` is `now` when the status changed or the condition is new, and
 * stays otherwise. Where nothing changed, the very same list comes back.
 */
export const setCondition = <T extends Condition>(
  conditions: readonly T[] | undefined,
  condition: NoInfer<WithoutTime<T>>,
  now: string,
): readonly T[] => {
  const list = conditions ?? [];
  const index = list.findIndex((each) => each.type === condition.type);
  const previous = list[index];
  if (previous === undefined) {
    return [...list, { ...condition, lastTransitionTime: condition.lastTransitionTime ?? now } as unknown as T];
  }
  const lastTransitionTime =
    previous.status === condition.status ? (previous.lastTransitionTime ?? now) : (condition.lastTransitionTime ?? now);
  const next = { ...previous, ...condition, lastTransitionTime } as T;
  const keys = new Set([...Object.keys(previous), ...Object.keys(next)]) as Set<keyof T>;
  if ([...keys].every((key) => previous[key] === next[key])) return list;
  return list.with(index, next);
};

/** RFC 3339 in UTC with whole seconds, as all times in objects but those of Leases and Events. */
export const timestamp = (milliseconds: number): string =>
  `${new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().slice(0, 19)}Z`;

/** RFC 3339 in UTC with microseconds: `MicroTime`. */
export const microTimestamp = (milliseconds: number): string => {
  const micros = Math.floor(milliseconds * 1000) % 1_000_000;
  return `${new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
};
