import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { readDirect } from '../forwarded/door-direct.ts';
import { ownPage } from '../forwarded/own-path.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { bareRefusal } from '../outcome/bare-refusal.ts';
import { refuse } from '../outcome/refusal.ts';
import type { OwnPages } from './own-pages.ts';
import { isHeaderFlood, respond } from './server.ts';
import type { Visits } from './visits.ts';
import { writeReply } from './write-reply.ts';

/**
 * The Express application for people: the gateway's own pages, reached through the proxy's extra router. Paths are
 * recognised as the check recognises them, on the canonical path, so that both doors agree about every spelling.
 * @param basePath segments of the configured base path
 */
export function createPagesApp(
  visits: Visits,
  basePath: readonly string[],
  pages: OwnPages,
  metrics: Metrics,
  log: Log,
): Express {
  const serve: RequestHandler = (request, response) => {
    if (isHeaderFlood(request)) return writeReply(response, bareRefusal('header-flood'));
    const read = readDirect(request.method, request.originalUrl, request.rawHeaders);
    if (typeof read === 'string') return writeReply(response, bareRefusal(read));
    const visit = visits(read, 'direct');
    const page = read.path === undefined ? undefined : ownPage(read.path, basePath);
    respond(
      response,
      () => (page === undefined ? refuse(visit, 'page-unknown') : pages(page, visit)),
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
