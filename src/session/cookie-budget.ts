/** How many bytes the gateway's cookies may take, and what they are spent on. */
export interface CookieBudget {
  /** Bytes of all of them, as they stand in a `Cookie` header. */
  readonly total: number;
  /** Bytes of login transactions; beyond that the oldest is dropped. */
  readonly transactions: number;
  /** Chunks of a session: each takes up to 4.1 KB with its signature. */
  readonly chunks: number;
}

/** Three chunks hold 9,000 characters of sealed session. */
export const USUAL_BUDGET: CookieBudget = { total: 16 * 1024, transactions: 6 * 1024, chunks: 3 };

/** nginx takes header lines of up to 8 KB (`large_client_header_buffers`), and all cookies come in one. */
export const NGINX_BUDGET: CookieBudget = { total: 8000, transactions: 2400, chunks: 1 };
