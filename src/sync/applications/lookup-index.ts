import { groupOf } from '../../objects/kind.js';
import type { KubeObject, ObjectKey } from '../../objects/object.js';
import { keyText } from '../../objects/object.js';
import type { LookupQuestion } from './cluster-lookup.js';

interface Interest {
  readonly key: ObjectKey;
  readonly questions: readonly LookupQuestion[];
}

const NOBODY: readonly ObjectKey[] = [];

/** Which applications have looked up which objects: found by the object that changes, in constant time. */
export class LookupIndex {
  readonly #byKind = new Map<string, Map<string, Interest>>();
  readonly #kinds = new Map<string, ReadonlySet<string>>();

  /** What an application has looked up last; replaces what it had before. */
  set(key: ObjectKey, questions: readonly LookupQuestion[]): void {
    this.delete(key);
    const id = keyText(key);
    const kinds = new Set(questions.map(kindOf));
    if (kinds.size === 0) return;
    this.#kinds.set(id, kinds);
    for (const kind of kinds) {
      const interests = this.#byKind.get(kind) ?? new Map<string, Interest>();
      interests.set(id, { key, questions: questions.filter((question) => kindOf(question) === kind) });
      this.#byKind.set(kind, interests);
    }
  }

  delete(key: ObjectKey): void {
    const id = keyText(key);
    for (const kind of this.#kinds.get(id) ?? []) {
      const interests = this.#byKind.get(kind);
      interests?.delete(id);
      if (interests?.size === 0) this.#byKind.delete(kind);
    }
    this.#kinds.delete(id);
  }

  /** The applications that have looked an object up, by its name or in a list. */
  usersOf(object: KubeObject): readonly ObjectKey[] {
    if (this.#byKind.size === 0) return NOBODY;
    const interests = this.#byKind.get(kindOf(object));
    if (interests === undefined) return NOBODY;
    const { name, namespace = '' } = object.metadata;
    const concerns = (question: LookupQuestion): boolean =>
      (question.name === '' || question.name === name) &&
      (question.namespace === '' || question.namespace === namespace || namespace === '');
    return [...interests.values()].filter(({ questions }) => questions.some(concerns)).map(({ key }) => key);
  }
}

const kindOf = ({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string =>
  `${groupOf(apiVersion)}/${kind}`;
