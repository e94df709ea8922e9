/**
 * Waits for work no longer than so many milliseconds. The work itself is not stopped: its own calls have their own limits,
 * and what it comes to later is dropped.
 * @param late called at the deadline; throws or gives what to answer instead
 */
export async function withDeadline<Result>(
  milliseconds: number,
  work: Promise<Result>,
  late: () => Result,
): Promise<Result> {
  const { promise, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(resolve, milliseconds, 'late');
  try {
    const first = await Promise.race([work.then((result) => ({ result })), promise]);
    return first === 'late' ? late() : first.result;
  } finally {
    clearTimeout(timer);
  }
}
