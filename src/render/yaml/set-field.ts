/** Sets a key as data, whatever its name: `__proto__` must not reach the prototype. */
export const setField = (target: Record<string, unknown>, name: string, value: unknown): void => {
  if (name !== '__proto__') target[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
};
