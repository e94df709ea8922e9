import type { Fetch } from '../token/bounded-fetch.ts';

/** How a call ended: by the class of its status, or without one. */
export type CallOutcome = '2xx' | '3xx' | '4xx' | '5xx' | 'failed';

/** Wraps a `fetch` so that the end of every call is told. Does *not* look at what is asked or answered. */
export function countCalls(fetch: Fetch, ended: (outcome: CallOutcome) => void): Fetch {
  return async (url, init) => {
    try {
      const response = await fetch(url, init);
      ended(classOf(response.status));
      return response;
    } catch (error) {
      ended('failed');
      throw error;
    }
  };
}

const classOf = (status: number): CallOutcome =>
  status >= 500 ? '5xx' : status >= 400 ? '4xx' : status >= 300 ? '3xx' : '2xx';
