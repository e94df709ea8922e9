import { describe, expect, test } from '@jest/globals';
import { configOf, configOfFile, LEAST, problemsOf, problemsOfFile, withLines } from './_load.ts';

describe('the login URL', () => {
  test.each<[text: string, origin: string, host: string, scheme: 'http' | 'https', port: number]>([
    ['https://login.example.com', 'https://login.example.com', 'login.example.com', 'https', 443],
    ['https://login.example.com/', 'https://login.example.com', 'login.example.com', 'https', 443],
    ['https://LOGIN.Example.com:443', 'https://login.example.com', 'login.example.com', 'https', 443],
    ['https://login.example.com:8443', 'https://login.example.com:8443', 'login.example.com', 'https', 8443],
    ['https://größe.example', 'https://xn--gre-6ka8i.example', 'xn--gre-6ka8i.example', 'https', 443],
    ['http://login.localhost:8080', 'http://login.localhost:8080', 'login.localhost', 'http', 8080],
    ['http://127.0.0.1', 'http://127.0.0.1', '127.0.0.1', 'http', 80],
    ['http://[::1]:8080', 'http://[::1]:8080', '[::1]', 'http', 8080],
  ])('%s is %s', (text, origin, host, scheme, port) => {
    const { config } = configOfFile(withLines(`loginUrl: "${text}"`));
    expect(config.loginUrl).toEqual({ origin, host, scheme, port });
  });

  test('is absent unless it is written, and may come from the environment', () => {
    expect(configOf({ env: LEAST }).config.loginUrl).toBeUndefined();
    const { config } = configOf({ env: { ...LEAST, POSTERN_LOGIN_URL: 'https://login.example.com' } });
    expect(config.loginUrl?.host).toBe('login.example.com');
  });

  test('may be http beyond this machine with the loud switch alone', () => {
    const lines = ['loginUrl: http://login.example.com:8080', 'insecureHttp: true'];
    expect(configOfFile(withLines(...lines)).config.loginUrl).toMatchObject({ scheme: 'http', port: 8080 });
  });

  const FORM = 'must be a URL that begins with https://. -> write for example `https://login.example.com`';
  const PARTS =
    "is for scheme, host and port only. -> write `https://login.example.com`; the path of the gateway's pages is `basePath`";
  test.each<[text: string, says: string]>([
    ['login.example.com', FORM],
    ['//login.example.com', FORM],
    ['https:/login.example.com', FORM],
    ['ftp://login.example.com', FORM],
    [' https://login.example.com', FORM],
    ['https://login.example.com\\\\x', FORM],
    ['https://*.example.com', FORM],
    ['https://a,b.example', FORM],
    ['https://', FORM],
    ['https://login.example.com:99999', FORM],
    ['https://login.example.com/_auth', PARTS],
    ['https://login.example.com/_auth/callback', PARTS],
    ['https://login.example.com?', PARTS],
    ['https://login.example.com?a=b', PARTS],
    ['https://login.example.com/#', PARTS],
    [
      'https://me:secret@login.example.com',
      'must not hold a user name or password. -> remove what stands before the @',
    ],
    ['https://login.example.com.:8443', 'must not end with a dot. -> write `https://login.example.com:8443`'],
    [
      'http://login.example.com',
      'is http, so anyone on the way can read the answers of the provider. -> write https; if that network is yours alone, add the line `insecureHttp: true`',
    ],
    [
      'http://login.localhost.example.com',
      'is http, so anyone on the way can read the answers of the provider. -> write https; if that network is yours alone, add the line `insecureHttp: true`',
    ],
  ])('%s', (text, says) => {
    expect(problemsOfFile(withLines(`loginUrl: "${text}"`))).toEqual([`3:11: \`loginUrl\` ${says}`]);
  });

  test('says nothing of http while the switch is broken', () => {
    const env = { ...LEAST, POSTERN_LOGIN_URL: 'http://login.example.com', POSTERN_INSECURE_HTTP: '1' };
    expect(problemsOf({ env })).toEqual([expect.stringContaining('POSTERN_INSECURE_HTTP')]);
  });
});
