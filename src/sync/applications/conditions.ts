import type { ApplicationCondition } from './application.js';

/** Every reason of a condition, with the type (Argo CD's) that it is shown under. */
export const CONDITION_TYPES = {
  /** The spec makes no sense, or its project forbids it. */
  InvalidSpec: 'InvalidSpecError',
  UnknownProject: 'InvalidSpecError',
  NotPermitted: 'InvalidSpecError',
  UnknownDestination: 'InvalidSpecError',
  /** The repository or a revision of it cannot be read. */
  SourceFailed: 'ComparisonError',
  /** The files do not render. */
  RenderFailed: 'ComparisonError',
  UnknownKind: 'ComparisonError',
  InvalidManifest: 'ComparisonError',
  DuplicateObject: 'ComparisonError',
  NoManifests: 'ComparisonError',
  /** The server refuses the comparison. */
  ComparisonFailed: 'ComparisonError',
  /** A sync failed, or may not begin. */
  SyncFailed: 'SyncError',
  WouldRemoveEverything: 'SyncError',
  DeletionFailed: 'DeletionError',
  /** Objects wait for a person to approve their deletion. */
  DeletionNotApproved: 'DeletionError',
  RepeatedObject: 'RepeatedResourceWarning',
  SharedObject: 'SharedResourceWarning',
  /** Fairlead's own. */
  RenderWarning: 'RenderWarning',
  WaitingForDependency: 'DependencyNotReady',
  RevisionQuarantined: 'RevisionQuarantined',
  SyncWindowClosed: 'SyncWindowClosed',
} as const;

export type ConditionReason = keyof typeof CONDITION_TYPES;

/** A condition before it has a time. */
export interface Finding {
  readonly reason: ConditionReason;
  readonly message: string;
}

export const isError = ({ reason }: Finding): boolean => CONDITION_TYPES[reason].endsWith('Error');

/** Longest message of a condition; what is longer is cut, because every condition travels with every watch event. */
const MESSAGE_LIMIT = 4096;

const shortened = (message: string): string =>
  message.length <= MESSAGE_LIMIT ? message : `${message.slice(0, MESSAGE_LIMIT - 1)}…`;

/** One condition a reason; what was there before keeps its time. */
export const conditionsOf = (
  findings: readonly Finding[],
  before: readonly ApplicationCondition[],
  now: string,
): readonly ApplicationCondition[] => {
  const messages = new Map<ConditionReason, string[]>();
  for (const { reason, message } of findings) messages.set(reason, [...(messages.get(reason) ?? []), message]);
  return [...messages].map(([reason, texts]) => {
    const type = CONDITION_TYPES[reason];
    const message = shortened(texts.join('\n'));
    const same = before.find((condition) => condition.reason === reason && condition.message === message);
    return { type, reason, message, lastTransitionTime: same?.lastTransitionTime ?? now };
  });
};
