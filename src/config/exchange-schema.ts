import * as z from 'zod';
import { key } from './key.ts';
import { text } from './provider-schema.ts';

const issuer = (what: string) => key(z.string(), { what, form: 'a URL', example: 'https://id.example.com/' });
const audience = (what: string) => key(text(), { what, form: 'text', example: 'https://api.example.com' });

/** Which token may be exchanged for which (RFC 8693). */
export const EXCHANGE = key(
  z
    .array(
      z.strictObject({
        name: key(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/), {
          what: 'What apps (`exchange`) and `federation` call it.',
          form: 'a name of letters, digits, `.`, `_` and `-`',
          example: 'dash',
        }),
        provider: key(text().optional(), {
          what: 'The provider that is asked, as its client here.',
          form: 'the name of a provider',
          byDefault: "the app's",
        }),
        from: key(
          z.strictObject({
            issuer: issuer('Who issued the token that is exchanged.'),
            audience: audience('What it is for.'),
          }),
          { what: 'The token that is exchanged: both must be its own, to the letter.' },
        ),
        to: key(
          z.strictObject({
            audience: audience('What the new token shall be for; anything else is refused.'),
            scopes: key(z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/)).min(1), {
              what: 'What is asked for. Further scopes that the provider gives decide nothing.',
              form: 'a list of scopes',
              example: '[dash:read]',
            }),
          }),
          { what: 'The token that comes of it, which decides and goes on to the upstream.' },
        ),
        bearer: key(z.boolean().default(false), {
          what: "Whether a bearer token may be exchanged as well; otherwise only a session's.",
        }),
      }),
    )
    .min(1)
    .optional(),
  {
    what: 'Which access token may be exchanged for one of another audience (RFC 8693), in the apps that say so. In the file only.',
    form: 'a list of maps with `name`, `from` and `to`',
  },
);

/** Whose service tokens get an internal one. */
export const FEDERATION = key(
  z
    .array(
      z.strictObject({
        issuer: issuer('Who issued it; its keys are found by discovery.'),
        subject: key(text(), {
          what: 'Its `sub`, to the letter.',
          form: 'text',
          example: 'partner-service',
        }),
        audience: audience('Its audience: what we are called there.'),
        exchange: key(text(), {
          what: 'The exchange by which it gets the internal token; `from` of it does not matter here.',
          form: 'the name of an exchange',
          example: 'dash',
        }),
      }),
    )
    .min(1)
    .optional(),
  {
    what: 'Service tokens of partners and clouds that are exchanged for an internal one, which alone decides. In the file only.',
    form: 'a list of maps with `issuer`, `subject`, `audience` and `exchange`',
  },
);
