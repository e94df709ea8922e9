import * as z from 'zod';
import { key } from './key.ts';
import { text } from './provider-schema.ts';

/** The keys of tenants. */
export const TENANTS = key(
  z
    .strictObject({
      in: key(z.enum(['host', 'path']).default('host'), {
        what: 'Where a request says its tenant: in the label that `{tenant}` stands for in a host of the rules, or in the first segment of the path.',
      }),
      list: key(z.union([z.array(z.string()).min(1), z.strictObject({ file: text() })]).optional(), {
        what: 'The tenants, lower-case keys or ids; or `{ file: path }`, one a line or a YAML list, which is read again when it changes.',
        form: 'a list of tenants, or { file: path }',
        example: '[acme, globex]',
        byDefault: 'every text of `form`',
      }),
      form: key(text().optional(), {
        what: 'What a tenant looks like: one class of lower-case letters, digits and `-`, and its bounds. Without a `list` every text of this form is a tenant.',
        form: 'of the form [a-z0-9-]{1,40}',
        example: '[a-z0-9-]{1,40}',
        byDefault: 'one label of letters, digits and `-`',
      }),
      claim: key(text().optional(), {
        what: 'The claim of access tokens that must equal the tenant of the request, compared as exactly as `iss`.',
        form: 'the name of a claim',
        example: 'tenant',
        byDefault: 'none is compared',
      }),
    })
    .optional(),
  {
    what: 'Tenants: `{tenant}` in hosts, audiences and issuers, and in `redirectUri` and `acrValues` of a provider. `list` or `form` is needed.',
  },
);
