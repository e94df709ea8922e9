/** A page for people, as a value. Every text is plain text; the renderer escapes it. */
export interface Page {
  readonly title: string;
  /** Name of the app (or of the gateway) above the title. */
  readonly app: string;
  readonly paragraphs: readonly string[];
  /** A list with a heading: missing permissions, tokens of a session. */
  readonly lists?: readonly { readonly heading: string; readonly items: readonly string[] }[];
  /** Label and value pairs: who is signed in, until when. */
  readonly facts?: readonly (readonly [label: string, value: string])[];
  readonly actions: readonly PageAction[];
  /** What the client shows of itself; https only, anything else is left out. */
  readonly brand?: Brand;
  /** Shown small, so that a person can quote it and an operator find it in the log. */
  readonly requestId?: string;
  /** The closed reason word, shown small beside the request id. */
  readonly reason?: string;
  /** Reload by itself after so many seconds (a page that waits for the provider). */
  readonly refreshSeconds?: number;
}

/** Where the name of the app leads, and an image beside it. */
export interface Brand {
  /** In place of the app's title. */
  readonly name?: string;
  readonly uri?: string;
  readonly logo?: string;
  /** Where people find help: an https or mailto address. */
  readonly support?: string;
}

export interface PageAction {
  readonly label: string;
  /** Absolute URL. */
  readonly href: string;
  /** A link, or a form with one button that POSTs. */
  readonly method: 'get' | 'post';
  /** `top` leaves an iframe, `blank` opens a new tab. */
  readonly target?: 'top' | 'blank';
  readonly primary?: boolean;
}
