import { nodeCrypto } from '../../builtin-modules.js';
import type { Lock } from '../chart/chart.js';
import type { Dependency } from '../chart/metadata.js';
import { writeJson } from '../json/json-writer.js';
import { Struct, type Value } from '../template/values.js';
import { toYaml } from '../yaml/to-yaml.js';

/** Whether Chart.lock was made for these dependencies: its digest is over both, as Helm 3 and 4 or Helm 2 wrote it. */
export const isLockOf = (lock: Lock, wanted: readonly Dependency[], apiVersion: string): boolean => {
  if (lockDigest(wanted.map(withAddress(lock)), lock.dependencies) === lock.digest) return true;
  return apiVersion === 'v1' && digestOf(new Map([['dependencies', wanted.map(fieldsOf)]])) === lock.digest;
};

/** Helm makes the digest with the address in place of a repository's name; the lock has that address. */
const withAddress =
  ({ dependencies }: Lock) =>
  (dependency: Dependency, at: number): Dependency => {
    const chosen = dependencies[at];
    const isNamed = /^(?:@|alias:)/.test(dependency.repository) && chosen?.name === dependency.name;
    return isNamed ? { ...dependency, repository: chosen.repository } : dependency;
  };

/** The digest of a lock: over what Chart.yaml wants and what was chosen for it. */
export const lockDigest = (wanted: readonly Dependency[], chosen: readonly Dependency[]): string =>
  digestOf([wanted.map(fieldsOf), chosen.map(fieldsOf)]);

/** Chart.lock as Helm writes it. */
export const lockText = (lock: Lock, generated: Date): string =>
  `${toYaml(
    new Map<string, Value>([
      ['dependencies', lock.dependencies.map(fieldsOf)],
      ['digest', lock.digest],
      ['generated', generated.toISOString()],
    ]),
  ).trimEnd()}\n`;

const digestOf = (value: Value): string =>
  `sha256:${nodeCrypto()
    .createHash('sha256')
    .update(writeJson(value, { escapeHtml: true }))
    .digest('hex')}`;

/** A Go struct with `omitempty`: fields keep their order. */
const fieldsOf = (dependency: Dependency): Value => {
  const { name, version, repository, condition, tags, enabled, importValues, alias } = dependency;
  const fields: readonly (readonly [string, Value, boolean])[] = [
    ['name', name, true],
    ['version', version, version !== ''],
    ['repository', repository, true],
    ['condition', condition, condition !== ''],
    ['tags', tags, tags.length > 0],
    ['enabled', enabled, enabled],
    ['import-values', importValues, importValues.length > 0],
    ['alias', alias, alias !== ''],
  ];
  const written = fields.filter(([, , isWritten]) => isWritten).map(([field, value]) => [field, value] as const);
  return new Struct('v2.Dependency', new Map(written));
};
