import type { Plugin } from 'graphql-yoga';
import type { CallContext } from '#graphql/plugin.ts';
import type { Exchange } from './exchange.ts';

/** `exchange` is absent for an operation that does not come through Yoga's HTTP server. */
type HttpContext = CallContext & { exchange?: Exchange };

/** A plug-in for Yoga's HTTP server. */
export type HttpPlugin = Plugin<HttpContext, HttpContext>;
