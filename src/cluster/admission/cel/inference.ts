import { DYN, ERROR, isDynamic, typeParam, type CelType } from './types.js';

/** Finds the types that parameters stand for. */
export class Inference {
  private bindings = new Map<string, CelType>();
  private fresh = 0;

  freshParam(): CelType {
    this.fresh += 1;
    return typeParam(`_var${this.fresh}`);
  }

  /** Types with parameters of their own for every use. */
  instantiate(types: readonly CelType[]): CelType[] {
    const made = new Map<string, CelType>();
    const replace = (type: CelType): CelType => {
      if (type.kind === 'param') {
        const known = made.get(type.name) ?? this.freshParam();
        made.set(type.name, known);
        return known;
      }
      return type.params.length === 0 ? type : { ...type, params: type.params.map(replace) };
    };
    return types.map(replace);
  }

  /** The type with what is known of its parameters; those that are still free become dyn when asked for. */
  resolve(type: CelType, freeToDyn = false): CelType {
    if (type.kind === 'param') {
      const bound = this.bindings.get(type.name);
      if (bound !== undefined) return this.resolve(bound, freeToDyn);
      return freeToDyn ? DYN : type;
    }
    if (type.params.length === 0) return type;
    return { ...type, params: type.params.map((each) => this.resolve(each, freeToDyn)) };
  }

  /** True when a value of the second type may stand where the first is expected; binds parameters then. */
  assignable(expected: CelType, actual: CelType): boolean {
    return this.assignableAll([expected], [actual]);
  }

  assignableAll(expected: readonly CelType[], actual: readonly CelType[]): boolean {
    if (expected.length !== actual.length) return false;
    const before = new Map(this.bindings);
    const fits = expected.every((each, index) => this.fits(each, actual[index] as CelType));
    if (!fits) this.bindings = before;
    return fits;
  }

  private fits(expected: CelType, actual: CelType): boolean {
    const [a, b] = [this.resolveTop(expected), this.resolveTop(actual)];
    if (b.kind === 'param' && a.kind === 'param' && a.name === b.name) return true;
    if (b.kind === 'param') return this.bind(b, a);
    if (a.kind === 'param') return this.bind(a, b);
    if (isDynamic(a) || isDynamic(b)) return true;
    if (b.kind === 'null') return isNullable(a);
    if (a.kind === 'null') return isNullable(b);
    // `type` is the type of all types, whatever they are of.
    if (a.kind === 'type') return b.kind === 'type';
    if (a.kind !== b.kind || a.name !== b.name) return false;
    return a.params.every((each, index) => this.fits(each, b.params[index] ?? DYN));
  }

  private resolveTop(type: CelType): CelType {
    let found = type;
    for (;;) {
      const bound = found.kind === 'param' ? this.bindings.get(found.name) : undefined;
      if (bound === undefined) return found;
      found = bound;
    }
  }

  private bind(param: CelType, type: CelType): boolean {
    if (this.occurs(param, type)) return false;
    this.bindings.set(param.name, type);
    return true;
  }

  private occurs(param: CelType, type: CelType): boolean {
    const found = this.resolveTop(type);
    if (found.kind === 'param') return found.name === param.name;
    return found.params.some((each) => this.occurs(param, each));
  }
}

const isNullable = ({ kind }: CelType): boolean => ['null', 'object', 'opaque', 'timestamp', 'duration'].includes(kind);

/** The more general of two types of which one may stand for the other. */
export const moreGeneral = (a: CelType, b: CelType): CelType => {
  if (a.kind === 'dyn' || b.kind === 'dyn') return DYN;
  if (a.kind === 'error' || b.kind === 'error') return ERROR;
  if (a.kind === 'null') return b;
  return a;
};
