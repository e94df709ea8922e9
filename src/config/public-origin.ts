import type { Config } from './config.ts';
import type { Findings } from './findings.ts';
import type { RawConfig } from './schema.ts';

const SEGMENT = /^[A-Za-z0-9_.~-]+$/;
// Paths of `listen` that belong to the proxy and the kubelet.
const TAKEN = ['/verify', '/healthz', '/readyz', '/.well-known/oauth-protected-resource'];

/** Reads how browsers see the gateway: scheme, port and own path. */
export function readPublicOrigin(raw: RawConfig, findings: Findings): Pick<Config, 'basePath' | 'public'> {
  const fault = basePathFault(raw.basePath);
  if (fault !== undefined)
    findings.add(['basePath'], `\`basePath\` ${fault}.`, 'write a path such as `/_auth`');
  if (raw.public?.scheme === 'http' && !raw.insecureHttp)
    findings.add(
      ['public', 'scheme'],
      '`public.scheme: http` sends cookies and tokens in clear text.',
      'write https; or remove `public` if only loopback names are protected, which may be http anyway; or set `insecureHttp: true`',
      { restsOn: [['insecureHttp']] },
    );
  const { scheme = 'https', port = scheme === 'https' ? 443 : 80 } = raw.public ?? {};
  return { basePath: raw.basePath, public: raw.public === undefined ? undefined : { scheme, port } };
}

function basePathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'must begin with /';
  if (path === '/') return 'cannot be / itself: that is the app';
  if (path.endsWith('/')) return 'must not end with /';
  const segments = path.slice(1).split('/');
  if (segments.some((segment) => !SEGMENT.test(segment) || segment === '.' || segment === '..'))
    return 'may hold only segments of letters, digits, -, _, . and ~';
  const taken = TAKEN.find((own) => path === own || path.startsWith(`${own}/`));
  return taken === undefined ? undefined : `cannot be ${taken} or below it`;
}
