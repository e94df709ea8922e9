/** Freezes a value and everything in it, maps included. @returns the same value. */
export function deepFreeze<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value;
  if (value instanceof Map) {
    for (const part of value.values()) deepFreeze(part);
    // Object.freeze leaves a map's entries writable.
    for (const method of ['set', 'delete', 'clear']) Object.defineProperty(value, method, { value: refuse });
  }
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

function refuse(): never {
  throw new TypeError('the configuration is frozen');
}
