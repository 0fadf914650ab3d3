import type { Volume } from '../../../objects/kinds/core-v1.js';
import { goQuote } from '../field-errors.js';

/** Files of a volume that lie at, or below, one another. */
interface Placed {
  readonly path: string;
  readonly source: string;
}

const shown = ({ path, source }: Placed): string => (source === '' ? goQuote(path) : `${goQuote(path)} (${source})`);

const collide = (left: Placed, right: Placed): boolean =>
  left.path !== '' &&
  right.path !== '' &&
  (`${left.path}/`.startsWith(`${right.path}/`) || `${right.path}/`.startsWith(`${left.path}/`));

const overlaps = (files: readonly Placed[]): readonly string[] => {
  const plain = files.map(({ path, source }) => ({ path: path.replace(/\/+$/, ''), source }));
  return plain.flatMap((file, index) =>
    plain
      .slice(0, index)
      .filter((other) => collide(file, other))
      .map((other) => `${shown(file)} with ${shown(other)}`),
  );
};

const place = (items: readonly { readonly path?: string }[] | undefined, source = ''): readonly Placed[] =>
  (items ?? []).map(({ path = '' }) => ({ path, source }));

type Source = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

const placedBy = (source: Source): readonly Placed[] => {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
  if (configMap?.items !== undefined) return place(configMap.items, `ConfigMap ${goQuote(configMap.name ?? '')}`);
  if (secret?.items !== undefined) return place(secret.items, `Secret ${goQuote(secret.name ?? '')}`);
  if (downwardAPI?.items !== undefined) return place(downwardAPI.items, 'DownwardAPI');
  if (serviceAccountToken !== undefined) return place([serviceAccountToken], 'ServiceAccountToken');
  if (clusterTrustBundle !== undefined) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? '';
    return place([clusterTrustBundle], `ClusterTrustBundle ${goQuote(name)}`);
  }
  const { certificateChainPath = '', keyPath = '', credentialBundlePath = '' } = podCertificate ?? {};
  return [
    { path: certificateChainPath, source: 'PodCertificate chain' },
    { path: keyPath, source: 'PodCertificate key' },
    { path: credentialBundlePath, source: 'PodCertificate credential bundle' },
  ].filter(({ path }) => path !== '');
};

const isEmpty = (source: Source): boolean => Object.keys(source).length === 0;

export const overlapWarnings = (volumes: readonly Volume[] = []): readonly string[] =>
  volumes.flatMap(({ name, configMap, secret, downwardAPI, projected }) => {
    const warn = (what: string, files: readonly Placed[]): readonly string[] =>
      overlaps(files).map((overlap) => `volume ${goQuote(name)} (${what}): overlapping paths: ${overlap}`);
    const sources = projected?.sources ?? [];
    return [
      ...warn(`ConfigMap ${goQuote(configMap?.name ?? '')}`, place(configMap?.items)),
      ...warn(`Secret ${goQuote(secret?.secretName ?? '')}`, place(secret?.items)),
      ...warn('DownwardAPI', place(downwardAPI?.items)),
      ...sources.filter(isEmpty).map(() => `volume ${goQuote(name)} (Projected) has no sources provided`),
      ...warn('Projected', sources.flatMap(placedBy)),
    ];
  });
