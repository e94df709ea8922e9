/**
 * The store did not answer, so whether there is a session cannot be known. Never means "no session": the answer to it is
 * a 503, and no login.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly reason = 'store-unavailable';
  /** For the log; holds no handle, token or secret. */
  readonly why: string;

  constructor(why: string) {
    super(`the session store cannot be reached: ${why}`);
    this.why = why;
  }
}
