import type { RequestKind } from '../forwarded/request-kind.ts';
import type { Page, PageAction } from '../pages/page.ts';
import { pageHeaders, renderPage } from '../pages/render.ts';
import { type Reason, reasonRow } from '../reason.ts';
import { bearerChallenge, isChallenged, type StepUp } from './challenge.ts';
import { corsHeaders } from './cors.ts';
import { PROBLEM_TYPE, problemJson } from './problem-json.ts';
import { refusalActions, refusalLists, refusalParagraphs } from './refusal-page.ts';
import { type Facts, type HeaderLine, NO_STORE, type Reply } from './reply.ts';
import { metadataAddress } from './resource-metadata.ts';
import { hasApp, tenantFact, type Visit } from './visit.ts';

/** What a refusal says beside its reason. */
export interface RefusalDetails {
  /** Instead of the visit's own, where the address itself says who asks. */
  readonly kind?: RequestKind;
  /** Scopes the caller lacks. */
  readonly missing?: readonly string[];
  /** All scopes that the operation needs, for the challenge. */
  readonly scopes?: readonly string[];
  /** Scopes for which a token is worth getting, for a caller that brought none and can find out where (RFC 9728). */
  readonly wanted?: readonly string[];
  /** The audience that the rule asks for, for the challenge; the app's first unless it is said. */
  readonly audience?: string | undefined;
  /** What the rule needs of the sign-in itself, for the challenge. */
  readonly stepUp?: StepUp;
  /** The resource that the provider issued no token for. */
  readonly resource?: string;
  /** Absolute address of a login, where one would help. */
  readonly loginUrl?: string;
  /** Where "try again" leads, when it is not the address that was asked for. */
  readonly returnTo?: string;
  /** A sentence more for the caller: safe to show, never from a token or the provider. */
  readonly hint?: string;
  readonly setCookie?: readonly string[];
  readonly status?: number;
  readonly headers?: readonly HeaderLine[];
  readonly facts?: Facts;
}

/** Seconds; for what is expected to heal by itself. */
const RETRY_AFTER = 5;

/**
 * Answers with a refusal: HTML for navigations, problem JSON (RFC 9457) for everything else. Never more than 16 KB,
 * never an inner address, a stack or a token.
 */
export function refuse(visit: Visit, reason: Reason, details: RefusalDetails = {}): Reply {
  const { title, detail, status: usual } = reasonRow(reason);
  const status = details.status ?? usual;
  const kind = details.kind ?? visit.kind;
  const isPage = kind !== 'script';
  const body = isPage
    ? renderPage(pageOf(visit, reason, title, detail, details))
    : problemJson(reason, { ...details, status, requestId: visit.requestId });
  const headers: HeaderLine[] = isPage
    ? [...pageHeaders(visit.brand, kind === 'frame')]
    : [['Content-Type', PROBLEM_TYPE], NO_STORE, ['X-Content-Type-Options', 'nosniff']];
  headers.push(['Content-Length', String(Buffer.byteLength(body))]);
  if (isChallenged(reason, status)) {
    const metadata = hasApp(visit) ? metadataAddress(visit, details.audience) : undefined;
    const scopes = details.scopes ?? (metadata === undefined ? [] : (details.wanted ?? []));
    headers.push([
      'WWW-Authenticate',
      bearerChallenge(reason, visit.request.host.name, scopes, details.stepUp, metadata),
    ]);
  }
  if (status === 503 || status === 429) headers.push(['Retry-After', String(RETRY_AFTER)]);
  headers.push(...corsHeaders(visit), ...(details.headers ?? []));
  for (const line of details.setCookie ?? []) headers.push(['Set-Cookie', line]);
  const facts: Facts = {
    ...(visit.app === undefined ? {} : { app: visit.app.name }),
    ...tenantFact(visit),
    ...(details.missing === undefined ? {} : { missing: details.missing }),
    ...details.facts,
    requestId: visit.requestId,
  };
  return { status, reason, headers, body, facts };
}

function pageOf(visit: Visit, reason: Reason, title: string, detail: string, details: RefusalDetails): Page {
  const lists = refusalLists(reason, details);
  const actions: readonly PageAction[] = refusalActions(visit, reason, details);
  return {
    title,
    app: visit.app?.title ?? visit.request.host.name,
    brand: visit.brand,
    paragraphs: refusalParagraphs(visit, reason, detail, details),
    ...(lists.length === 0 ? {} : { lists }),
    ...(details.resource === undefined ? {} : { facts: [['Resource', details.resource] as const] }),
    actions,
    reason,
    requestId: visit.requestId,
    ...(reasonRow(reason).status === 503 ? { refreshSeconds: RETRY_AFTER } : {}),
  };
}
