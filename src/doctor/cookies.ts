import type { Config } from '../config/config.ts';
import { isLoopbackName } from '../forwarded/host.ts';
import { publicOrigin } from '../forwarded/public-origin.ts';
import { hostKey } from '../rules/host-pattern.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { type Note, notesAbout } from './finding.ts';

type Terms = Pick<Config, 'public' | 'loginUrl' | 'insecureHttp' | 'providers'>;

/** Whether cookies are the ones of production: `__Host-`, Secure, over https. */
export function cookieNotes(config: Terms, { apps }: RuleSet): readonly Note[] {
  const notes = notesAbout('cookies', 'all hosts');
  const hosts = apps.flatMap((app) => app.hosts).map((host) => hostKey(host).replace(/^\*\./, 'a.'));
  const plain = hosts.filter(
    (name) => publicOrigin({ name, port: undefined, finalDot: false }, config.public).scheme === 'http',
  );
  const loopback = plain.filter(isLoopbackName);
  const clear = plain.filter((host) => !isLoopbackName(host));
  const secure = hosts.length - plain.length;
  return [
    ...(clear.length > 0
      ? [
          notes.warning(
            'cookies are plain `postern…` without Secure: public.scheme is http',
            'Whoever is on the way reads sessions and tokens, and can set cookies of their own.',
            'serve the hosts by https, and remove `public.scheme: http` and `insecureHttp`',
          ),
        ]
      : []),
    ...(loopback.length > 0
      ? [notes.ok('cookies of loopback names are plain `postern…`, by http on this machine')]
      : []),
    ...(secure > 0 ? [notes.ok('cookies are `__Host-postern…`: Secure, for one host, by https')] : []),
    ...(config.insecureHttp && clear.length === 0 && !needsHttp(config)
      ? [
          notes.warning(
            'insecureHttp is true, and nothing needs it',
            'It lets http through wherever somebody writes it later.',
            'remove it',
          ),
        ]
      : []),
  ];
}

const needsHttp = ({ providers, loginUrl }: Terms): boolean =>
  loginUrl?.scheme === 'http' ||
  [...providers.values()].some(({ issuer, internalUrl }) =>
    [issuer, internalUrl].some(
      (url) => url?.startsWith('http:') === true && !isLoopbackName(new URL(url).hostname),
    ),
  );
