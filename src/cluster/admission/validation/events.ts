import { jsonEquals } from '../../../objects/json.js';
import type { Event } from '../../../objects/kinds/core-v1.js';
import type { Event as NewEvent } from '../../../objects/kinds/events-k8s-io-v1.js';
import { dns1123Subdomain, qualifiedName } from '../../../objects/names.js';
import { invalid, invalidEach, required, type FieldError } from '../field-errors.js';
import { internal } from './go-values.js';
import { immutable, IMMUTABLE } from './rules.js';

const MOST_BYTES = 128;
const MOST_NOTE_BYTES = 1024;

/** An Event as both of its versions have it, by the names of the newer one. */
type AnyEvent = Pick<NewEvent, 'metadata' | 'eventTime' | 'reportingController' | 'reportingInstance' | 'action'> &
  Pick<NewEvent, 'reason' | 'regarding' | 'note'>;

const short = (field: string, value: string | undefined, limit: number): FieldError[] =>
  Buffer.byteLength(value ?? '') > limit ? [invalid(field, '', `can have at most ${limit} characters`)] : [];

const requiredShort = (field: string, value = ''): FieldError[] => [
  ...(value === '' ? [required(field)] : []),
  ...short(field, value, MOST_BYTES),
];

const namespaceOf = ({ metadata }: AnyEvent): string => metadata.namespace ?? '';

const wrongNamespace = (event: AnyEvent): FieldError => {
  const namespace = event.regarding?.namespace ?? '';
  return invalid('involvedObject.namespace', namespace, 'does not match event.namespace');
};

/** Events without a time are those of old clients: less is asked of them. */
const validateUntimed = (event: AnyEvent): FieldError[] => {
  const namespace = event.regarding?.namespace ?? '';
  const own = namespaceOf(event);
  const fits = namespace === '' ? own === '' || own === 'default' : namespace === own;
  return fits ? [] : [wrongNamespace(event)];
};

const validateTimed = (event: AnyEvent, controllerField: string): FieldError[] => {
  const { regarding, reportingController = '', reportingInstance, action, reason, note } = event;
  const isElsewhere = (regarding?.namespace ?? '') === '' && !['default', 'kube-system'].includes(namespaceOf(event));
  return [
    ...(isElsewhere ? [wrongNamespace(event)] : []),
    ...(reportingController === '' ? [required(controllerField)] : []),
    ...invalidEach(controllerField, reportingController, qualifiedName(reportingController)),
    ...requiredShort('reportingInstance', reportingInstance),
    ...requiredShort('action', action),
    ...requiredShort('reason', reason),
    ...short('message', note, MOST_NOTE_BYTES),
  ];
};

const validateAny = (event: AnyEvent, controllerField: string): FieldError[] => [
  ...((event.eventTime ?? null) === null ? validateUntimed(event) : validateTimed(event, controllerField)),
  ...invalidEach('namespace', namespaceOf(event), dns1123Subdomain(namespaceOf(event))),
];

export const validateEvent = (event: Event): FieldError[] => {
  const { involvedObject, message, reportingComponent, ...rest } = event;
  const renamed = { ...rest, regarding: involvedObject, note: message, reportingController: reportingComponent };
  return validateAny(renamed as AnyEvent, 'reportingComponent');
};

const validateSeries = ({ series }: NewEvent): FieldError[] =>
  series === undefined
    ? []
    : [
        ...((series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
        ...((series.lastObservedTime ?? null) === null ? [required('series.lastObservedTime')] : []),
      ];

const unset = (field: string, isSet: boolean): FieldError[] => (isSet ? [invalid(field, '', 'needs to be unset')] : []);

export const validateNewEvent = (event: NewEvent): FieldError[] => {
  const { type = '', deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp } = event;
  return [
    ...validateAny(event, 'reportingController'),
    ...validateSeries(event),
    ...((event.eventTime ?? null) === null ? [required('eventTime')] : []),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalid('type', '', `has invalid value: ${type}`)]),
    ...unset('firstTimestamp', (deprecatedFirstTimestamp ?? null) !== null),
    ...unset('lastTimestamp', (deprecatedLastTimestamp ?? null) !== null),
    ...unset('count', (event.deprecatedCount ?? 0) !== 0),
    ...unset('source', (deprecatedSource?.component ?? '') !== '' || (deprecatedSource?.host ?? '') !== ''),
  ];
};

/** What an Event keeps, by the names of the fields in the older version, with the types of those that are structs. */
const FROZEN: readonly (readonly [name: keyof NewEvent, called: string, type?: string])[] = [
  ['regarding', 'involvedObject', 'core/v1.ObjectReference'],
  ['reason', 'reason'],
  ['note', 'message'],
  ['deprecatedSource', 'source', 'core/v1.EventSource'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['reason', 'reason'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related', 'core/v1.ObjectReference'],
  ['reportingController', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
];

const validateFrozen = (event: NewEvent, old: NewEvent): FieldError[] =>
  FROZEN.flatMap(([name, called, type]) => {
    const [now, then] = [event[name] ?? null, old[name] ?? null];
    if (jsonEquals(now, then)) return [];
    return type === undefined ? immutable(called, now, then) : [invalid(called, internal(type, now), IMMUTABLE)];
  });

export const validateNewEventUpdate = (event: NewEvent, old: NewEvent): FieldError[] => [
  ...validateAny(event, 'reportingController'),
  ...(jsonEquals(event.series ?? null, old.series ?? null) ? [] : validateSeries(event)),
  ...validateFrozen(event, old),
];
