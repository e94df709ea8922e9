import type { IncomingMessage } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { readDirect } from '../forwarded/door-direct.ts';
import { ownPage } from '../forwarded/own-path.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { bareRefusal } from '../outcome/bare-refusal.ts';
import { refuse } from '../outcome/refusal.ts';
import type { Reply } from '../outcome/reply.ts';
import { readForm } from './form-body.ts';
import { type OwnPages, takesForm } from './own-pages.ts';
import { isHeaderFlood, respond } from './server.ts';
import type { Visits } from './visits.ts';
import { writeReply } from './write-reply.ts';

/**
 * The Express application for people: the gateway's own pages, reached through the proxy's extra router. Paths are
 * recognised as the check recognises them, on the canonical path, so that both doors agree about every spelling.
 * @param basePath segments of the configured base path
 * @param tenantsInPath whether the pages are below a tenant's segment as well
 */
export function createPagesApp(
  visits: Visits,
  basePath: readonly string[],
  pages: OwnPages,
  metrics: Metrics,
  log: Log,
  tenantsInPath = false,
): Express {
  const serve: RequestHandler = (request, response) => {
    if (isHeaderFlood(request)) return writeReply(response, bareRefusal('header-flood'));
    const read = readDirect(request.method, request.originalUrl, request.rawHeaders);
    if (typeof read === 'string') return writeReply(response, bareRefusal(read));
    const visit = visits(read, 'direct');
    const page = read.path === undefined ? undefined : ownPage(read.path, basePath, tenantsInPath);
    const answer = async (): Promise<Reply> => {
      if (page === undefined) return refuse(visit, 'page-unknown');
      if (!takesForm(page, request.method)) return pages(page, visit);
      return endingConnection(request, await pages(page, visit, await readForm(request)));
    };
    respond(
      response,
      answer,
      (error) => log.failed(error),
      (done) => {
        metrics.paged(done);
        log.decided(read, done);
      },
    );
  };
  // Express knows an error handler by its four parameters.
  const fail: ErrorRequestHandler = (error, _request, response, _next) => {
    log.failed(error);
    writeReply(response, bareRefusal('internal-error'));
  };
  const app = express();
  app.disable('x-powered-by');
  app.use(serve, fail);
  return app;
}

/** What is left of a body that was refused half read is not waited for. */
const endingConnection = (request: IncomingMessage, reply: Reply): Reply =>
  request.complete ? reply : { ...reply, headers: [...reply.headers, ['Connection', 'close']] };
