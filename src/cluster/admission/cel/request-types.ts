import { AUTHORIZER, RESOURCE_CHECK } from './libraries/authorization.js';
import { environmentOf } from './program.js';
import type { Environment } from './environment.js';
import { BOOL, DYN, INT, listOf, mapOf, objectType, STRING, TIMESTAMP, type CelType } from './types.js';

const object = (name: string, fields: Readonly<Record<string, CelType>>): CelType =>
  objectType(`kubernetes.${name}`, new Map(Object.entries(fields)));

const KIND = object('GroupVersionKind', { group: STRING, version: STRING, kind: STRING });
const RESOURCE = object('GroupVersionResource', { group: STRING, version: STRING, resource: STRING });

const USER = object('UserInfo', {
  username: STRING,
  uid: STRING,
  groups: listOf(STRING),
  extra: mapOf(STRING, listOf(STRING)),
});

/** What an expression knows of a request. */
const REQUEST = object('AdmissionRequest', {
  kind: KIND,
  resource: RESOURCE,
  subResource: STRING,
  requestKind: KIND,
  requestResource: RESOURCE,
  requestSubResource: STRING,
  name: STRING,
  namespace: STRING,
  operation: STRING,
  userInfo: USER,
  dryRun: BOOL,
  options: DYN,
});

const TEXTS = mapOf(STRING, STRING);

const NAMESPACE = object('Namespace', {
  metadata: object('NamespaceMetadata', {
    name: STRING,
    generateName: STRING,
    namespace: STRING,
    labels: TEXTS,
    annotations: TEXTS,
    UID: STRING,
    creationTimestamp: TIMESTAMP,
    deletionGracePeriodSeconds: INT,
    deletionTimestamp: TIMESTAMP,
    generation: INT,
    resourceVersion: STRING,
    finalizers: listOf(STRING),
  }),
  spec: object('NamespaceSpec', { finalizers: listOf(STRING) }),
  status: object('NamespaceStatus', {
    phase: STRING,
    conditions: listOf(
      object('NamespaceCondition', {
        status: STRING,
        type: STRING,
        lastTransitionTime: TIMESTAMP,
        message: STRING,
        reason: STRING,
      }),
    ),
  }),
});

export interface RequestVariables {
  readonly hasParams: boolean;
  readonly hasAuthorizer: boolean;
  /** The variables of a policy that are declared before the expression, with their types. */
  readonly composed?: ReadonlyMap<string, CelType>;
  /** What the objects and parameters look like, where that is known; then nothing but types is of interest. */
  readonly types?: { readonly object: CelType; readonly params?: CelType };
}

/** What the expressions of admission policies and match conditions may name. */
export const requestEnvironment = ({ hasParams, hasAuthorizer, composed, types }: RequestVariables): Environment =>
  environmentOf(
    new Map<string, CelType>([
      ['object', types?.object ?? DYN],
      ['oldObject', types?.object ?? DYN],
      ['request', REQUEST],
      ['namespaceObject', NAMESPACE],
      ...(hasParams ? ([['params', types?.params ?? DYN]] as const) : []),
      ...(hasAuthorizer
        ? ([
            ['authorizer', AUTHORIZER],
            ['authorizer.requestResource', RESOURCE_CHECK],
          ] as const)
        : []),
      ...(composed === undefined ? [] : ([['variables', objectType('kubernetes.variables', composed)]] as const)),
    ]),
  );
