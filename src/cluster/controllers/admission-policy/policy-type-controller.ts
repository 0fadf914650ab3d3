import type { KubeObject } from '../../../objects/object.js';
import { groupOf, versionOf, type KindRef } from '../../../objects/kind.js';
import { ValidatingAdmissionPolicy } from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import { CustomResourceDefinition } from '../../../objects/kinds/apiextensions-k8s-io-v1.js';
import { declaredType } from '../../admission/custom-resources/rule-types.js';
import type { StructuralSchema } from '../../admission/custom-resources/structural-schema.js';
import type { CelType } from '../../admission/cel/types.js';
import { checkPolicy, kindsOf } from '../../admission/type-checking/check-policy.js';
import { builtinType, customType } from '../../admission/type-checking/kind-types.js';
import { DONE, watchSelf, type Controller } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';

const MANAGER = 'validatingadmissionpolicy-status';

/** Says of each admission policy which of its expressions do not fit the objects that it is about. */
export const createPolicyTypeController = ({ client, informers }: ControllerDeps): Controller => {
  const policies = informers.informer(ValidatingAdmissionPolicy);
  const definitions = informers.informer(CustomResourceDefinition);
  const typeOf = (kind: KindRef): CelType | undefined => builtinType(kind) ?? definedType(definitions.list(), kind);
  return {
    name: MANAGER,
    watches: [watchSelf(ValidatingAdmissionPolicy)],
    reconcile: async (key) => {
      const policy = policies.get(key);
      const generation = policy?.metadata.generation ?? 0;
      if (policy === undefined || generation <= (policy.status?.observedGeneration ?? 0)) return DONE;
      const kinds = kindsOf(policy, await client.resources()).flatMap((kind) => {
        const type = typeOf(kind);
        return type === undefined ? [] : [{ kind, type }];
      });
      const { paramKind } = policy.spec;
      const params =
        paramKind === undefined
          ? undefined
          : typeOf({ apiVersion: paramKind.apiVersion ?? '', kind: paramKind.kind ?? '' });
      const expressionWarnings = checkPolicy(policy, kinds, params);
      const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings };
      const { apiVersion, kind, metadata } = policy;
      const status = { observedGeneration: generation, typeChecking };
      await client.apply({ apiVersion, kind, metadata: { name: metadata.name }, status } as KubeObject, {
        fieldManager: MANAGER,
        subresource: 'status',
        force: true,
      });
      return DONE;
    },
  };
};

/** The type of the objects of a custom kind, as its definition describes it. */
const definedType = (definitions: readonly CustomResourceDefinition[], kind: KindRef): CelType | undefined => {
  const definition = definitions.find(
    ({ spec }) => spec.names.kind === kind.kind && spec.group === groupOf(kind.apiVersion),
  );
  const version = definition?.spec.versions.find(({ name }) => name === versionOf(kind.apiVersion));
  const schema = version?.schema?.openAPIV3Schema as StructuralSchema | undefined;
  const declared = schema === undefined ? undefined : declaredType(schema, true);
  return declared === undefined ? undefined : customType(declared.type, kind.kind);
};
