import type { Container, LifecycleHandler, PodSpec, Probe } from '../../../objects/kinds/core-v1.js';
import { validHttpHeaderName, validPortName } from '../../../objects/names.js';
import { child, forbidden, invalid, invalidEach, required, type FieldError } from '../field-errors.js';
import { nonNegative, oneOf, port } from './rules.js';

/** What the rules of handlers need to know of the pod. */
export interface Surroundings {
  readonly grace: number | undefined;
  readonly os: PodSpec['os'];
}

const validatePort = (field: string, value: number | string | undefined): FieldError[] =>
  typeof value === 'string' ? invalidEach(field, value, validPortName(value)) : port(field, value ?? 0);

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>;

const HANDLERS: {
  readonly [Name in keyof Handler]-?: (
    handler: NonNullable<Handler[Name]>,
    field: string,
    grace: number | undefined,
  ) => FieldError[];
} = {
  exec: ({ command = [] }, field) => (command.length === 0 ? [required(child(field, 'command'))] : []),
  httpGet: ({ path = '', port: number, scheme = '', httpHeaders = [] }, field) => [
    ...(path === '' ? [required(child(field, 'path'))] : []),
    ...validatePort(child(field, 'port'), number),
    ...oneOf(child(field, 'scheme'), scheme, ['HTTP', 'HTTPS']),
    ...httpHeaders.flatMap(({ name = '' }) =>
      invalidEach(child(field, 'httpHeaders'), name, validHttpHeaderName(name)),
    ),
  ],
  tcpSocket: ({ port: number }, field) => validatePort(child(field, 'port'), number),
  grpc: ({ port: number }, field) => validatePort(child(field, 'port'), number),
  sleep: ({ seconds = 0 }, field, grace) =>
    grace === undefined || (seconds >= 0 && seconds <= grace)
      ? []
      : [invalid(field, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`)],
};

const validateHandler = (field: string, handler: Handler, grace: number | undefined): FieldError[] => {
  const given = (Object.keys(HANDLERS) as (keyof Handler)[]).filter((name) => handler[name] !== undefined);
  const [first] = given;
  if (first === undefined) return [required(field, 'must specify a handler type')];
  return given.flatMap((name) => {
    const path = child(field, name);
    if (name !== first) return [forbidden(path, 'may not specify more than 1 handler type')];
    return (HANDLERS[name] as (handler: unknown, field: string, grace: number | undefined) => FieldError[])(
      handler[name],
      path,
      grace,
    );
  });
};

const COUNTS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

const validateProbe = (field: string, probe: Probe, { grace }: Surroundings): FieldError[] => {
  const seconds = probe.terminationGracePeriodSeconds;
  return [
    ...validateHandler(field, probe, grace),
    ...COUNTS.flatMap((name) => nonNegative(child(field, name), probe[name])),
    ...(seconds !== undefined && seconds <= 0
      ? [invalid(child(field, 'terminationGracePeriodSeconds'), seconds, 'must be greater than 0')]
      : []),
  ];
};

/** Only a probe of readiness may ask for more than one success; only the others may end the container. */
export const validateProbes = (field: string, container: Container, around: Surroundings): FieldError[] =>
  (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((name) => {
    const probe = container[name];
    if (probe === undefined) return [];
    const path = child(field, name);
    const errors = validateProbe(path, probe, around);
    const seconds = probe.terminationGracePeriodSeconds;
    if (name !== 'readinessProbe') {
      const times = probe.successThreshold ?? 0;
      return times === 1 ? errors : [...errors, invalid(child(path, 'successThreshold'), times, 'must be 1')];
    }
    if (seconds === undefined) return errors;
    return [
      ...errors,
      invalid(child(path, 'terminationGracePeriodSeconds'), seconds, 'must not be set for readinessProbes'),
    ];
  });

const REAL_TIME = [
  'SIGRTMIN',
  ...Array.from({ length: 15 }, (_, index) => `SIGRTMIN+${index + 1}`),
  ...Array.from({ length: 14 }, (_, index) => `SIGRTMAX-${14 - index}`),
  'SIGRTMAX',
];
const NAMES =
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP ' +
  'TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ';
const LINUX_SIGNALS = NAMES.split(' ')
  .map((name) => `SIG${name}`)
  .concat(REAL_TIME)
  .sort();

const validateStopSignal = (field: string, signal: string, os: PodSpec['os']): FieldError[] => {
  if (os === undefined) return [forbidden(field, 'may not be set for containers with empty `spec.os.name`')];
  if (os.name === 'windows') return oneOf(field, signal, ['SIGKILL', 'SIGTERM']);
  return os.name === 'linux' ? oneOf(field, signal, LINUX_SIGNALS) : [];
};

export const validateLifecycle = (
  field: string,
  lifecycle: Container['lifecycle'],
  { grace, os }: Surroundings,
): FieldError[] => {
  if (lifecycle === undefined) return [];
  const { postStart, preStop, stopSignal } = lifecycle;
  return [
    ...(postStart === undefined ? [] : validateHandler(child(field, 'postStart'), postStart, grace)),
    ...(preStop === undefined ? [] : validateHandler(child(field, 'preStop'), preStop, grace)),
    ...(stopSignal === undefined ? [] : validateStopSignal(child(field, 'stopSignal'), stopSignal, os)),
  ];
};
