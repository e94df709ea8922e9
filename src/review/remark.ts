/** What a review is about. */
export type Topic =
  | 'deny-beaten'
  | 'near-scope'
  | 'public'
  | 'case'
  | 'methods-unnamed'
  | 'methods-unregistered'
  | 'scopes-unasked'
  | 'report-mode';

/** Something about the rules that a person should know. */
export interface Remark {
  readonly topic: Topic;
  /** A finding is most likely a mistake; everything else is listed, so that somebody looks at it. */
  readonly level: 'finding' | 'review';
  readonly app: string;
  /** `file:line` of the rule; undefined where it is about the app as a whole. */
  readonly place: string | undefined;
  /** What it is about: a path with its methods, scopes. */
  readonly subject: string;
  readonly message: string;
  /** What to write or do; undefined where looking is all. */
  readonly wayOut?: string;
  /** A line that the way out would have in the rules file. */
  readonly copy?: string;
}
