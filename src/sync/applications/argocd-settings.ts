import type { ConfigMap } from '../../objects/kinds/core-v1.js';
import type { KustomizeBuildOptions } from '../../render/render.js';

/** The ConfigMap in which Argo CD keeps its settings. */
export const ARGOCD_SETTINGS = { namespace: 'argocd', name: 'argocd-cm' } as const;

/**
 * How `kustomize.buildOptions` wants kustomizations built; undefined when it says nothing. Flags that would execute
 * something are left out, as those are that concern the form of the output.
 */
export const kustomizeBuildOf = (settings: ConfigMap | undefined): KustomizeBuildOptions | undefined => {
  const words = (settings?.data?.['kustomize.buildOptions'] ?? '').split(/\s+/);
  const valueOf = (flag: string): string | undefined => {
    const at = words.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`));
    return at < 0 ? undefined : words[at] === flag ? words[at + 1] : words[at]?.slice(flag.length + 1);
  };
  const isOn = (flag: string): boolean => words.some((word) => word === flag || word === `${flag}=true`);
  const restrictor = valueOf('--load-restrictor') ?? valueOf('--load_restrictor');
  const reorder = valueOf('--reorder');
  const options: KustomizeBuildOptions = {
    ...(isOn('--enable-helm') ? { enableHelm: true } : {}),
    ...(/^(?:LoadRestrictionsNone|none)$/.test(restrictor ?? '') ? { loadRestrictor: 'none' } : {}),
    ...(reorder === 'legacy' || reorder === 'none' ? { reorder } : {}),
  };
  return Object.keys(options).length === 0 ? undefined : options;
};
