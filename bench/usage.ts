/** What a measured process says of itself. */
export interface Usage {
  /** Microseconds since its start, user and system, of all its threads. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss: number;
  readonly crypto: CryptoCounts;
}

/** How often cryptography ran since the start; all zero unless it is counted. */
export interface CryptoCounts {
  readonly hmac: number;
  readonly decrypt: number;
  readonly verify: number;
}
