import type { Plan } from './plan.ts';
import { isAddress } from './upstream.ts';

/** Why the output would not work with the configuration as it is, and what to write there. */
export interface Finding {
  readonly message: string;
  readonly wayOut: string;
}

/** @param services whether the proxy finds apps as services of a cluster, by name */
export function findingsOf(
  plan: Plan,
  endpoint: Plan['endpoints'][number],
  services: boolean,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (!plan.endpoints.includes(endpoint))
    findings.push({
      message: `\`endpoints\` does not have ${endpoint}, so nobody would answer this proxy's checks.`,
      wayOut: `endpoints: [${[...plan.endpoints, endpoint].join(', ')}]`,
    });
  for (const [name, { port }] of [
    ['listen', plan.check],
    ['pagesListen', plan.pages],
  ] as const)
    if (port === 0)
      findings.push({
        message: `\`${name}\` has port 0, which is another port at each start.`,
        wayOut: `${name}: 127.0.0.1:${name === 'listen' ? 4180 : 4182}`,
      });
  for (const { name, upstream } of plan.apps)
    if (services && !upstream.placeholder && isAddress(upstream.host))
      findings.push({
        message: `The app ${name} is at an address, and an IngressRoute knows services by name only.`,
        wayOut: `--upstream ${name}=${upstream.scheme}://service.namespace:${upstream.port}`,
      });
  for (const name of plan.leftOut)
    findings.push({
      message: `The header \`${name}\` of a \`headers\` map is left out: proxies cannot name it.`,
      wayOut: `headers: { ${name.replaceAll(/[^A-Za-z0-9-]+/g, '-')}: … }`,
    });
  return findings;
}
