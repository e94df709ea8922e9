/** A value that is there already, or one that comes later: a warm check is answered without waiting for a turn. */
export type Eventual<T> = T | Promise<T>;

/** Goes on with a value: at once where it is there, else when it comes. What `next` throws at once is thrown at once. */
export const whenThere = <T, U>(value: Eventual<T>, next: (value: T) => Eventual<U>): Eventual<U> =>
  isPromise(value) ? value.then(next) : next(value);

/** By its method, not by its class: a promise of another realm is one too. */
export const isPromise = <T>(value: Eventual<T>): value is Promise<T> =>
  typeof (value as Partial<Promise<T>> | null | undefined)?.then === 'function';
