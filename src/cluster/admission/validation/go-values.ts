import { isRecord } from '../../../objects/json.js';
import {
  resolveType,
  type SchemaType,
  type StructField,
  type StructType,
} from '../../../objects/schema/schema-table.js';

/** How messages of Kubernetes show a value: as the API serves it, or as the server holds it, with the names of Go. */
type Form = 'served' | 'internal';

const ZEROS: Readonly<Record<string, unknown>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  float64: 0,
  Quantity: '0',
  IntOrString: 0,
  Duration: '0s',
  Time: null,
  MicroTime: null,
};

/** `apiGroup` is `APIGroup` in Go, `nonResourceURLs` is `NonResourceURLs`. */
const goName = (name: string): string =>
  /^(?:api|ip|url|uid|dns|tls|cidr|cel)(?=[A-Z]|s?$)/.test(name)
    ? name.replace(/^[a-z]+?(?=[A-Z]|s?$)/, (word) => word.toUpperCase())
    : `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** What Go writes for a field that nothing set; undefined where it writes nothing. */
const absent = (field: StructField, form: Form): unknown => {
  const { resolved } = field;
  if (field.pointer === true) return form === 'internal' ? null : undefined;
  if (resolved.shape === 'struct') return inForm({}, resolved, form);
  if (form === 'served' && !field.written) return undefined;
  return resolved.shape === 'scalar' ? (ZEROS[resolved.scalar] ?? null) : null;
};

const structInForm = (value: Readonly<Record<string, unknown>>, type: StructType, asked: Form): unknown => {
  // The types that all groups share have one form.
  const form = type.name.startsWith('meta/') ? 'served' : asked;
  const shown: Record<string, unknown> = {};
  for (const [name, field] of type.fields) {
    const given = value[name] ?? undefined;
    const inner = given === undefined ? absent(field, form) : inForm(given, field.resolved, form);
    if (inner !== undefined) shown[form === 'internal' ? goName(name) : name] = inner;
  }
  return shown;
};

const inForm = (value: unknown, type: SchemaType, form: Form): unknown => {
  if (type.shape === 'struct') return isRecord(value) ? structInForm(value, type, form) : value;
  if (type.shape === 'list') {
    return Array.isArray(value) ? value.map((element) => inForm(element ?? {}, type.element, form)) : value;
  }
  if (type.shape !== 'map' || !isRecord(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, inForm(value[key], type.value, form)]));
};

/** A value of a type of the field tables (`meta/v1.LabelSelector`) as a message shows it: in order, with required zeros. */
export const served = (type: string, value: unknown): unknown =>
  value === undefined ? null : inForm(value, resolveType(type), 'served');

/** The same for a message that shows what the server holds: every field, by its name in Go. */
export const internal = (type: string, value: unknown): unknown =>
  value === undefined ? null : inForm(value, resolveType(type), 'internal');

export const shownSelector = (selector: unknown): unknown => served('meta/v1.LabelSelector', selector);
